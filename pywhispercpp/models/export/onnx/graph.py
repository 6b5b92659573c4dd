"""One ONNX network in the making: nodes, constants, and weights as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.extras import require
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.int8 import per_channel

__all__ = ["INT8_ZERO", "OnnxGraph", "Size", "Tensor", "require_onnx"]

OPSET = 17
IR_VERSION = 8
INT8_ZERO = 128  # unsigned whole numbers: this one means zero

Size = Union[int, str]  # of one dimension: a number, or the name of one that is free
Proto = Any  # onnx has no types that mypy reads


def require_onnx(purpose: str = "an export to ONNX") -> Any:  # noqa: ANN401
    """Return the module `onnx`; MissingPackageError says how to install it."""
    return require("onnx", "onnx", purpose)


@dataclass(frozen=True)
class Tensor:
    """The result of an operation: its name in the graph and its shape."""

    name: str
    shape: tuple[Size, ...]


class OnnxGraph:
    """Collects what an `onnx.ModelProto` is made of; weights: "f32", "f16" or "int8" (see OnnxEmitter)."""

    def __init__(self, weights: str) -> None:
        """Begin an empty network."""
        self._onnx = require_onnx()
        self._weights = weights
        self._inputs: list[Proto] = []
        self._outputs: list[Proto] = []
        self._nodes: list[Proto] = []
        self._stored: dict[str, Proto] = {}
        self._made: dict[str, Tensor] = {}  # what is computed once and used often
        self._names: dict[str, str] = {}  # of values that are outputs: what they are called outside
        self._taken: dict[str, int] = {}

    def model(self, name: str, facts: Mapping[str, str]) -> Proto:
        """Return the network as an `onnx.ModelProto`; facts: what it says about itself (metadata_props)."""
        for node in self._nodes:
            for values in (node.input, node.output):
                values[:] = [self._names.get(value, value) for value in values]
        helper = self._onnx.helper
        weights = list(self._stored.values())
        outputs = sorted(self._outputs, key=lambda output: output.name.startswith("present_"))  # these last
        graph = helper.make_graph(self._nodes, name, self._inputs, outputs, weights)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        model.producer_name = "pywhispercpp"
        helper.set_model_props(model, dict(facts))
        return model

    def _add(
        self,
        operation: str,
        inputs: list[Tensor],
        shape: tuple[Size, ...],
        name: str = "",
        outputs: int = 1,
        **settings: object,
    ) -> Tensor:
        """One node; its first output is named like it, further ones have numbers."""
        name = self._fresh(name or operation)
        names = [name, *(f"{name}:{i}" for i in range(1, outputs))]
        node = self._onnx.helper.make_node(operation, [x.name for x in inputs], names, name, **settings)
        self._nodes.append(node)
        return Tensor(name, shape)

    def _fresh(self, name: str) -> str:
        self._taken[name] = self._taken.get(name, 0) + 1
        return name if self._taken[name] == 1 else f"{name}_{self._taken[name] - 1}"

    def _input(self, name: str, sizes: tuple[Size, ...], kind: int) -> Tensor:
        self._inputs.append(self._onnx.helper.make_tensor_value_info(name, kind, sizes))
        return Tensor(name, sizes)

    def _once(self, key: str, make: Callable[[], Tensor]) -> Tensor:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _reshaped(self, x: Tensor, sizes: tuple[Size, ...]) -> Tensor:
        """At most one size is free, and becomes -1."""
        shape = self._whole(*(size if isinstance(size, int) else -1 for size in sizes))
        return self._add("Reshape", [x, shape], sizes)

    def _int8(self, name: str, weight: Array) -> tuple[Tensor, Tensor]:
        """Whole numbers (channels in, channels out) and scales (channels out,).

        Unsigned: where a CPU has no instructions for int8, onnxruntime's sums of products with signed ones
        may overflow.
        """
        if name not in self._stored:
            rows, scales = per_channel(weight)
            self._store(name, (rows.T.astype(np.int16) + INT8_ZERO).astype(np.uint8))
            self._store(f"{name}/scale", scales[:, 0])
        return Tensor(name, weight.shape[::-1]), Tensor(f"{name}/scale", (len(weight),))

    def _matrix(self, name: str, weight: Array) -> Tensor:
        return self._half(name, weight.T)

    def _half(self, name: str, values: Array) -> Tensor:
        """In half precision where that is wanted and the range of f16 is wide enough."""
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        fits = self._weights != "f32" and bool(np.isfinite(half).all())
        return self._widened(name, half) if fits else self._float(name, values)

    def _exact(self, name: str, values: Array) -> Tensor:
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        same = self._weights != "f32" and np.array_equal(half, values)
        return self._widened(name, half) if same else self._float(name, values)

    def _widened(self, name: str, values: NDArray[np.float16]) -> Tensor:
        stored = self._store(f"{name}/stored", values)
        return self._once(name, lambda: self._as_float(stored, name))

    def _as_float(self, x: Tensor, name: str = "") -> Tensor:
        return self._add("Cast", [x], x.shape, name, to=self._onnx.TensorProto.FLOAT)

    def _float(self, name: str, values: Array) -> Tensor:
        return self._store(name, values.astype(np.float32))

    def _number(self, value: float) -> Tensor:
        return self._store(f"number {value:.9g}", np.array(value, np.float32))

    def _whole_number(self, value: int) -> Tensor:
        return self._store(f"whole {value}", np.array(value, np.int64))

    def _whole(self, *values: int) -> Tensor:
        return self._store(f"whole {list(values)}", np.array(values, np.int64))

    def _store(self, name: str, values: NDArray[np.generic]) -> Tensor:
        """A weight or another constant; one name is one constant."""
        if name not in self._stored:
            self._stored[name] = self._onnx.numpy_helper.from_array(np.asarray(values, order="C"), name)
        return Tensor(name, values.shape)
