"""The emitter for OpenVINO: operations of opset 13, which OpenVINO reads since 2023.3."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.extras import require
from pywhispercpp.models.export.emitter import LAYER_NORM_EPSILON, Array, Extent
from pywhispercpp.models.export.int8 import per_channel

__all__ = ["OpenVinoEmitter", "require_openvino"]

Node = Any  # openvino has no types that mypy reads


def require_openvino() -> Any:  # noqa: ANN401
    """Return the module `openvino`; MissingPackageError says how to install it."""
    return require("openvino", "openvino", "an export to OpenVINO")


def _operations() -> Any:  # noqa: ANN401
    try:
        return import_module("openvino.opset13")
    except ModuleNotFoundError:
        return import_module("openvino.runtime.opset13")  # its place before 2025


class OpenVinoEmitter:
    """Builds an `openvino.Model`: matrices become f16, or int8 with a scale per channel, and only so stay.

    What is not a matrix becomes f16 where f16 holds every value exactly (as in OpenAI's models), else f32.
    """

    def __init__(self, int8: bool = False) -> None:
        """Begin an empty network."""
        self._openvino = require_openvino()
        self._ops = _operations()
        self._int8 = int8
        self._inputs: list[Node] = []
        self._results: list[Node] = []
        self.weight_bytes = 0

    def model(self, name: str) -> Node:
        """Return the network as an `openvino.Model`."""
        return self._openvino.Model(self._results, self._inputs, name)

    def input(self, name: str, shape: tuple[Extent, ...]) -> Node:
        """See Emitter."""
        dimensions = [self._dimension(extent) for extent in shape]
        x = self._ops.parameter(self._openvino.PartialShape(dimensions), np.float32, name=name)
        x.output(0).set_names({name})
        self._inputs.append(x)
        return x

    def conv1d(self, name: str, x: Node, weight: Array, bias: Array, stride: int) -> Node:
        """See Emitter."""
        kernel = self._half(f"{name}.weight", weight)
        y = self._ops.convolution(x, kernel, [stride], [1], [1], [1], name=name)
        return self._ops.add(y, self._exact(f"{name}.bias", bias.reshape(1, -1, 1)))

    def gelu(self, x: Node) -> Node:
        """See Emitter."""
        return self._ops.gelu(x, "ERF")

    def transpose(self, x: Node, order: tuple[int, ...]) -> Node:
        """See Emitter."""
        return self._ops.transpose(x, self._numbers(*order))

    def positions(self, name: str, x: Node, table: Array) -> Node:
        """See Emitter. With a free number of steps the table is cut when the network runs."""
        steps = x.get_output_partial_shape(0)[1]
        if steps.is_static:
            return self._ops.add(x, self._exact(name, table[None, : steps.get_length()]))
        count = self._ops.gather(self._ops.shape_of(x, "i64"), self._numbers(1), self._numbers(0))
        rows = self._ops.slice(
            self._exact(name, table[None]), self._numbers(0), count, self._numbers(1), self._numbers(1)
        )
        return self._ops.add(x, rows)

    def add(self, a: Node, b: Node) -> Node:
        """See Emitter."""
        return self._ops.add(a, b)

    def linear(self, name: str, x: Node, weight: Array, bias: Array | None) -> Node:
        """See Emitter."""
        matrix = self._matrix(f"{name}.weight", weight)
        y = self._ops.matmul(x, matrix, False, True, name=name)
        return y if bias is None else self._ops.add(y, self._exact(f"{name}.bias", bias))

    def layer_norm(self, name: str, x: Node, weight: Array, bias: Array) -> Node:
        """See Emitter."""
        y = self._ops.mvn(x, self._numbers(-1), True, LAYER_NORM_EPSILON, "INSIDE_SQRT", name=name)
        y = self._ops.multiply(y, self._exact(f"{name}.weight", weight))
        return self._ops.add(y, self._exact(f"{name}.bias", bias))

    def split_heads(self, x: Node, heads: int) -> Node:
        """See Emitter."""
        channels = x.get_output_partial_shape(0)[2].get_length()
        split = self._numbers(0, 0, heads, channels // heads)  # zeros: as they are
        return self.transpose(self._ops.reshape(x, split, True), (0, 2, 1, 3))

    def attention(self, query: Node, key: Node, value: Node) -> Node:
        """See Emitter."""
        return self._ops.scaled_dot_product_attention(query, key, value)

    def join_heads(self, x: Node) -> Node:
        """See Emitter."""
        shape = x.get_output_partial_shape(0)
        channels = shape[1].get_length() * shape[3].get_length()
        return self._ops.reshape(self.transpose(x, (0, 2, 1, 3)), self._numbers(0, 0, channels), True)

    def output(self, name: str, x: Node) -> None:
        """See Emitter."""
        x.output(0).set_names({name})
        self._results.append(self._ops.result(x, name=f"{name}/result"))

    def _dimension(self, extent: Extent) -> Node:
        if isinstance(extent, int):
            return self._openvino.Dimension(extent)
        return self._openvino.Dimension(extent[0], extent[-1])

    def _numbers(self, *values: int) -> Node:
        return self._ops.constant(np.array(values, np.int64))

    def _matrix(self, name: str, weight: Array) -> Node:
        """A matrix in the weights' type; OpenVINO's plugins know int8 written like this and keep it so."""
        if not self._int8:
            return self._half(name, weight)
        rows, scales = per_channel(weight)
        return self._ops.multiply(self._widened(name, rows), self._stored(f"{name}/scale", scales))

    def _half(self, name: str, values: Array) -> Node:
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        fits = bool(np.isfinite(half).all())
        return self._widened(name, half) if fits else self._stored(name, values)

    def _exact(self, name: str, values: Array) -> Node:
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        return self._widened(name, half) if np.array_equal(half, values) else self._stored(name, values)

    def _widened(self, name: str, values: NDArray[np.generic]) -> Node:
        return self._ops.convert(self._stored(f"{name}/stored", values), "f32", name=name)

    def _stored(self, name: str, values: NDArray[np.generic]) -> Node:
        self.weight_bytes += values.nbytes
        return self._ops.constant(np.ascontiguousarray(values), name=name)
