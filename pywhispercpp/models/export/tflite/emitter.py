"""The emitter for TFLite: operations that its interpreter has had for years, in static shapes.

No constant is infinite: TFLite's kernels stop at such.
"""

from __future__ import annotations

import math

import numpy as np

from pywhispercpp.models.export.emitter import LAYER_NORM_EPSILON, Array, Extent
from pywhispercpp.models.export.int8 import per_channel
from pywhispercpp.models.export.tflite.graph import Tensor, TfliteGraph

__all__ = ["TfliteEmitter"]


class TfliteEmitter:
    """Encoder and log-mel front end in one graph; `weights` says how matrices are stored: f32, f16 or int8.

    float16 is widened before it is used, once for each interpreter. int8 has one scale for each output
    channel, and is multiplied with activations that the interpreter rounds to int8 for the while.
    """

    def __init__(self, graph: TfliteGraph, weights: str = "f32") -> None:
        """Go on with a graph."""
        self.graph = graph
        self.weights = weights

    def input(self, name: str, shape: tuple[Extent, ...]) -> Tensor:
        """See Emitter; an extent is a number here."""
        return self.graph.input(name, [extent for extent in shape if isinstance(extent, int)])

    def output(self, name: str, x: Tensor) -> None:
        """See Emitter."""
        self.graph.output(name, x)

    def transpose(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """See Emitter."""
        shape = [x.shape[i] for i in order]
        return self.graph.add("TRANSPOSE", [x, self.graph.numbers(order)], shape, options="Transpose")

    def reshape(self, x: Tensor, *shape: int) -> Tensor:
        """Give the same numbers another shape."""
        fields = {"newShape": list(shape)}
        inputs = [x, self.graph.numbers(shape)]
        return self.graph.add("RESHAPE", inputs, shape, x.kind, options="Reshape", fields=fields)

    def conv1d(self, name: str, x: Tensor, weight: Array, bias: Array, stride: int) -> Tensor:
        """See Emitter; TFLite's own padding would be one-sided with a stride of 2."""
        channels, steps = x.shape[1:]
        row = self.reshape(self.transpose(x, (0, 2, 1)), 1, 1, steps, channels)
        row = self._pad(row, "PAD", [(0, 0), (0, 0), (1, 1), (0, 0)])
        kernel = np.ascontiguousarray(weight.transpose(0, 2, 1)[:, None])  # (out, 1, taps, in)
        y = self._convolved(name, row, self._half_or_exact(f"{name}.weight", kernel), bias, stride)
        return self.transpose(y, (0, 2, 1))

    def gelu(self, x: Tensor) -> Tensor:
        """See Emitter."""
        return self.graph.add("GELU", [x], x.shape, options="Gelu", fields={"approximate": False})

    def positions(self, name: str, x: Tensor, table: Array) -> Tensor:
        """See Emitter."""
        rows = table[None, : x.shape[1]]
        return self.add(x, self._half_or_exact(f"{name}/{x.shape[1]}", rows))

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """See Emitter."""
        return self._combine("ADD", a, b)

    def linear(self, name: str, x: Tensor, weight: Array, bias: Array | None) -> Tensor:
        """See Emitter."""
        shift = None if bias is None else self.graph.constant(f"{name}.bias", bias)
        inputs = [x, self._matrix(f"{name}.weight", weight), shift]
        int8 = self.weights == "int8"
        fields = {"keepNumDims": True, "asymmetricQuantizeInputs": int8}
        shape = [*x.shape[:-1], len(weight)]
        version = 9 if int8 else 5
        return self.graph.add(
            "FULLY_CONNECTED",
            inputs,
            shape,
            version=version,
            name=name,
            options="FullyConnected",
            fields=fields,
        )

    def layer_norm(self, name: str, x: Tensor, weight: Array, bias: Array) -> Tensor:
        """See Emitter."""
        centred = self._combine("SUB", x, self._mean(x))
        variance = self._mean(self._combine("MUL", centred, centred))
        shifted = self.add(variance, self.graph.numbers(LAYER_NORM_EPSILON, "f4"))
        scale = self.graph.add("RSQRT", [shifted], shifted.shape)
        y = self._combine("MUL", self._combine("MUL", centred, scale), self._exact(f"{name}.weight", weight))
        return self._combine("ADD", y, self._exact(f"{name}.bias", bias), name)

    def split_heads(self, x: Tensor, heads: int) -> Tensor:
        """See Emitter."""
        _, steps, channels = x.shape
        return self.transpose(self.reshape(x, 1, steps, heads, channels // heads), (0, 2, 1, 3))

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See Emitter."""
        return self._mixed(self._scores(query, key), value)

    def join_heads(self, x: Tensor) -> Tensor:
        """See Emitter."""
        _, heads, steps, size = x.shape
        return self.reshape(self.transpose(x, (0, 2, 1, 3)), 1, steps, heads * size)

    def pad(self, x: Tensor, mirrored: int, zeros: int) -> Tensor:
        """See FrontEndEmitter."""
        y = self._pad(x, "MIRROR_PAD", [(0, 0), (0, 0), (mirrored, 0)])
        return self._pad(y, "PAD", [(0, 0), (0, 0), (0, zeros)])

    def windows(self, name: str, x: Tensor, kernel: Array, stride: int) -> Tensor:
        """See FrontEndEmitter; in blocks of what window and stride share, as a convolution of few taps."""
        rows, width = kernel.shape
        block = math.gcd(width, stride)
        frames = (x.shape[2] - width) // stride + 1
        used = (frames - 1) * stride + width
        begin, size = self.graph.numbers([0, 0, 0]), self.graph.numbers([1, 1, used])
        x = self.graph.add("SLICE", [x, begin, size], (1, 1, used), options="Slice")
        blocks = self.reshape(x, 1, 1, used // block, block)
        taps = self._exact(name, kernel.reshape(rows, 1, width // block, block))
        return self._convolved(name, blocks, taps, np.zeros(rows, np.float32), stride // block)

    def square(self, x: Tensor) -> Tensor:
        """See FrontEndEmitter."""
        return self._combine("MUL", x, x)

    def mix(self, name: str, x: Tensor, matrix: Array) -> Tensor:
        """See FrontEndEmitter."""
        inputs = [x, self._exact(name, matrix), None]
        shape, fields = [*x.shape[:-1], len(matrix)], {"keepNumDims": True}
        return self.graph.add(
            "FULLY_CONNECTED", inputs, shape, version=5, name=name, options="FullyConnected", fields=fields
        )

    def log10(self, x: Tensor, least: float) -> Tensor:
        """See FrontEndEmitter."""
        natural = self.graph.add(
            "LOG", [self._combine("MAXIMUM", x, self.graph.numbers(least, "f4"))], x.shape
        )
        return self._combine("MUL", natural, self.graph.numbers(1 / math.log(10), "f4"))

    def limit_range(self, x: Tensor, span: float) -> Tensor:
        """See FrontEndEmitter."""
        every = self.graph.numbers(range(len(x.shape)))
        shape = [1] * len(x.shape)
        fields = {"keepDims": True}
        most = self.graph.add("REDUCE_MAX", [x, every], shape, options="Reducer", fields=fields)
        return self._combine("MAXIMUM", x, self._combine("SUB", most, self.graph.numbers(span, "f4")))

    def scale_shift(self, x: Tensor, scale: float, shift: float) -> Tensor:
        """See FrontEndEmitter."""
        y = self._combine("MUL", x, self.graph.numbers(scale, "f4"))
        return self.add(y, self.graph.numbers(shift, "f4"))

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        scaled = self._combine("MUL", query, self.graph.numbers(query.shape[3] ** -0.5, "f4"))
        return self._multiplied(scaled, key, key.shape[2], True)

    def _mixed(self, scores: Tensor, value: Tensor) -> Tensor:
        return self._multiplied(self.softmax(scores), value, value.shape[3], False)

    def softmax(self, x: Tensor) -> Tensor:
        """Make shares of the last dimension."""
        return self.graph.add("SOFTMAX", [x], x.shape, options="Softmax", fields={"beta": 1.0})

    def divide(self, a: Tensor, b: Tensor) -> Tensor:
        """Divide two values of one shape."""
        return self.graph.add("DIV", [a, b], a.shape, options="Div")

    def _multiplied(self, a: Tensor, b: Tensor, columns: int, transposed: bool) -> Tensor:
        fields = {"adjX": False, "adjY": transposed}
        shape = [*a.shape[:-1], columns]
        return self.graph.add("BATCH_MATMUL", [a, b], shape, options="BatchMatMul", fields=fields)

    def _combine(self, code: str, a: Tensor, b: Tensor, name: str = "") -> Tensor:
        shape = np.broadcast_shapes(a.shape, b.shape)
        options = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul"}.get(code, "MaximumMinimum")
        return self.graph.add(code, [a, b], shape, a.kind, name=name, options=options)

    def _mean(self, x: Tensor) -> Tensor:
        shape, last = [*x.shape[:-1], 1], self.graph.numbers([len(x.shape) - 1])
        return self.graph.add("MEAN", [x, last], shape, options="Reducer", fields={"keepDims": True})

    def _pad(self, x: Tensor, code: str, widths: list[tuple[int, int]]) -> Tensor:
        shape = [before + size + after for size, (before, after) in zip(x.shape, widths)]
        options = "Pad" if code == "PAD" else "MirrorPad"  # which reflects where it is not told otherwise
        return self.graph.add(code, [x, self.graph.numbers(widths)], shape, options=options)

    def _convolved(self, name: str, row: Tensor, kernel: Tensor, bias: Array, stride: int) -> Tensor:
        """Convolve (1, 1, steps, channels) with (channels out, 1, taps, channels); no padding."""
        outputs, _, taps, _ = kernel.shape
        steps = (row.shape[2] - taps) // stride + 1
        fields = {"padding": self.graph.file.schema.Padding.VALID, "strideW": stride, "strideH": 1}
        fields.update(dilationWFactor=1, dilationHFactor=1)
        inputs = [row, kernel, self._exact(f"{name}.bias", bias)]
        y = self.graph.add(
            "CONV_2D", inputs, (1, 1, steps, outputs), name=name, options="Conv2D", fields=fields
        )
        return self.reshape(y, 1, steps, outputs)

    def _matrix(self, name: str, weight: Array) -> Tensor:
        if self.weights != "int8":
            return self._half_or_exact(name, weight)
        rows, scales = per_channel(weight)
        return self.graph.constant(f"{name}/int8", rows, scales)

    def _half_or_exact(self, name: str, values: Array) -> Tensor:
        """In float16 where the weights are not f32, and it holds them."""
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if self.weights == "f32" or not np.isfinite(half).all():
            return self._exact(name, values)
        stored = self.graph.constant(f"{name}/f16", half)
        return self._widened(name, stored)

    def _widened(self, name: str, stored: Tensor) -> Tensor:
        return self.graph.add(
            "DEQUANTIZE", [stored], stored.shape, version=3, name=name, options="Dequantize"
        )

    def _exact(self, name: str, values: Array) -> Tensor:
        return self.graph.constant(name, values)
