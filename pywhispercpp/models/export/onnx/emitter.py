"""The emitter for ONNX: operations of opset 17 in IR version 8, which onnxruntime reads since 1.12."""

from __future__ import annotations

import math

import numpy as np

from pywhispercpp.models.export.emitter import LAYER_NORM_EPSILON, Array, Extent
from pywhispercpp.models.export.onnx.graph import INT8_ZERO, OnnxGraph, Size, Tensor, require_onnx

__all__ = ["HIDDEN", "OnnxEmitter", "Tensor", "require_onnx"]

# What is added to hide a step from an earlier one. No infinity: some kernels make NaN of it; f16 holds this.
HIDDEN = np.float32(-6e4)

_MANY_STEPS = 100
_FIRST_MEMORY = "past_key_0"  # it knows how many steps there were, and is needed before it is met


class OnnxEmitter(OnnxGraph):
    """Builds an `onnx.ModelProto` with all of Emitter, DecoderEmitter and FrontEndEmitter.

    weights: "f32"; "f16", which is stored and widened, nothing is computed in it; "int8", one scale for each
    output channel: widened for products with many steps, as in the encoder; for few, as in the decoder, what
    a matrix is multiplied with is rounded to whole numbers as well, for there widening would be most work.
    past: the decoder remembers: it takes `past_key_N` and `past_value_N` and gives `present_…`.
    """

    hidden = HIDDEN

    def __init__(self, weights: str = "f32", past: bool = False) -> None:
        """Begin an empty network."""
        super().__init__(weights)
        self._past = past

    def input(self, name: str, shape: tuple[Extent, ...]) -> Tensor:
        """See Emitter."""
        sizes = tuple(e if isinstance(e, int) else f"{name}_{axis}" for axis, e in enumerate(shape))
        return self._input(name, sizes, self._onnx.TensorProto.FLOAT)

    def output(self, name: str, x: Tensor) -> None:
        """See Emitter."""
        self._names[x.name] = name
        kind = self._onnx.TensorProto.FLOAT
        self._outputs.append(self._onnx.helper.make_tensor_value_info(name, kind, x.shape))

    def transpose(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """See Emitter."""
        return self._add("Transpose", [x], tuple(x.shape[axis] for axis in order), perm=order)

    def conv1d(self, name: str, x: Tensor, weight: Array, bias: Array, stride: int) -> Tensor:
        """See Emitter."""
        kernel, shift = self._half(f"{name}.weight", weight), self._exact(f"{name}.bias", bias)
        shape = (1, len(weight), _strided(x.shape[2], stride, name))
        inputs, taps = [x, kernel, shift], weight.shape[2:]
        return self._add("Conv", inputs, shape, name, kernel_shape=taps, strides=[stride], pads=[1, 1])

    def gelu(self, x: Tensor) -> Tensor:
        """See Emitter. Spelled so that onnxruntime knows it for one operation."""
        y = self._add("Div", [x, self._number(math.sqrt(2))], x.shape)
        y = self._add("Add", [self._add("Erf", [y], x.shape), self._number(1)], x.shape)
        return self._add("Mul", [self._add("Mul", [x, y], x.shape), self._number(0.5)], x.shape)

    def positions(self, name: str, x: Tensor, table: Array) -> Tensor:
        """See Emitter. With a free number of steps the table is cut when the network runs."""
        return self._placed(name, x, table, past=False)

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """See Emitter."""
        return self._add("Add", [a, b], a.shape)

    def linear(self, name: str, x: Tensor, weight: Array, bias: Array | None) -> Tensor:
        """See Emitter. The matrix is stored as ONNX multiplies with it: (channels in, channels out)."""
        shape = (*x.shape[:-1], len(weight))
        steps = x.shape[1]
        if self._weights != "int8":
            y = self._add("MatMul", [x, self._matrix(f"{name}.weight", weight)], shape, name)
        elif isinstance(steps, int) and steps >= _MANY_STEPS:
            y = self._add("MatMul", [x, self._widened_int8(f"{name}.weight", weight)], shape, name)
        else:
            y = self._multiplied_int8(name, x, weight, shape)
        return y if bias is None else self._add("Add", [y, self._exact(f"{name}.bias", bias)], shape)

    def layer_norm(self, name: str, x: Tensor, weight: Array, bias: Array) -> Tensor:
        """See Emitter."""
        inputs = [x, self._exact(f"{name}.weight", weight), self._exact(f"{name}.bias", bias)]
        return self._add("LayerNormalization", inputs, x.shape, name, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def split_heads(self, x: Tensor, heads: int) -> Tensor:
        """See Emitter."""
        _, steps, channels = x.shape
        cut = (1, steps, heads, int(channels) // heads)
        return self.transpose(self._reshaped(x, cut), (0, 2, 1, 3))

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See Emitter."""
        return self._attended(query, key, value, None)

    def join_heads(self, x: Tensor) -> Tensor:
        """See Emitter."""
        _, heads, steps, size = x.shape
        return self._reshaped(self.transpose(x, (0, 2, 1, 3)), (1, steps, int(heads) * int(size)))

    def tokens(self, name: str, count: Extent) -> Tensor:
        """See DecoderEmitter."""
        sizes = (1, count if isinstance(count, int) else "count")
        return self._input(name, sizes, self._onnx.TensorProto.INT64)

    def embedding(self, name: str, tokens: Tensor, table: Array) -> Tensor:
        """See DecoderEmitter. The table is the very one that `linear` of the same name multiplies with."""
        count, channels = tokens.shape[1], table.shape[1]
        full = f"{name}.weight"
        if self._weights == "int8":
            rows, scales = self._int8(full, table)
            taken = self._add("Gather", [rows, tokens], (channels, 1, count), axis=1)
            scale = self._add("Gather", [scales, tokens], (1, count), axis=0)
            taken = self._add("DequantizeLinear", [taken, *self._neutral()], taken.shape)
            x = self._add("Mul", [taken, scale], taken.shape)
        else:
            x = self._add("Gather", [self._matrix(full, table), tokens], (channels, 1, count), axis=1)
        return self.transpose(x, (1, 2, 0))

    def next_positions(self, name: str, x: Tensor, table: Array) -> Tensor:
        """See DecoderEmitter."""
        return self._placed(name, x, table, past=self._past)

    def remembered(self, name: str, x: Tensor) -> Tensor:
        """See DecoderEmitter."""
        if not self._past:
            return x
        _, heads, _, size = x.shape
        kind = self._onnx.TensorProto.FLOAT
        past = self._input(f"past_{name}", (1, heads, "past", size), kind)
        present = self._add("Concat", [past, x], (1, heads, "present", size), axis=2)
        self.output(f"present_{name}", present)
        return present

    def causal_attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See DecoderEmitter."""
        return self._attended(query, key, value, self._once("hidden", lambda: self._hidden(query, key)))

    def pad(self, x: Tensor, mirrored: int, zeros: int) -> Tensor:
        """See FrontEndEmitter."""
        count = int(x.shape[2])
        x = self._add(
            "Pad", [x, self._whole(0, 0, mirrored, 0, 0, 0)], (1, 1, count + mirrored), mode="reflect"
        )
        return self._add("Pad", [x, self._whole(0, 0, 0, 0, 0, zeros)], (1, 1, count + mirrored + zeros))

    def windows(self, name: str, x: Tensor, kernel: Array, stride: int) -> Tensor:
        """See FrontEndEmitter. A convolution that is turned to (1, windows, channels out)."""
        channels, width = kernel.shape
        steps = (int(x.shape[2]) - width) // stride + 1
        weight = self._float(f"{name}.weight", kernel[:, None])
        y = self._add("Conv", [x, weight], (1, channels, steps), name, kernel_shape=[width], strides=[stride])
        return self.transpose(y, (0, 2, 1))

    def square(self, x: Tensor) -> Tensor:
        """See FrontEndEmitter."""
        return self._add("Mul", [x, x], x.shape)

    def mix(self, name: str, x: Tensor, matrix: Array) -> Tensor:
        """See FrontEndEmitter."""
        weight = self._float(f"{name}.weight", matrix.T)
        return self._add("MatMul", [x, weight], (*x.shape[:-1], len(matrix)), name)

    def log10(self, x: Tensor, least: float) -> Tensor:
        """See FrontEndEmitter."""
        y = self._add("Log", [self._add("Max", [x, self._number(least)], x.shape)], x.shape)
        return self._add("Mul", [y, self._number(1 / math.log(10))], x.shape)

    def limit_range(self, x: Tensor, span: float) -> Tensor:
        """See FrontEndEmitter."""
        most = self._add("ReduceMax", [x], (1,) * len(x.shape), keepdims=1)
        return self._add("Max", [x, self._add("Sub", [most, self._number(span)], most.shape)], x.shape)

    def scale_shift(self, x: Tensor, scale: float, shift: float) -> Tensor:
        """See FrontEndEmitter."""
        y = self._add("Mul", [x, self._number(scale)], x.shape)
        return self._add("Add", [y, self._number(shift)], x.shape)

    def _attended(self, query: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None) -> Tensor:
        _, heads, count, size = query.shape
        query = self._add("Mul", [query, self._number(1 / math.sqrt(int(size)))], query.shape)
        seen = (1, heads, count, key.shape[2])
        scores = self._add("MatMul", [query, self.transpose(key, (0, 1, 3, 2))], seen)
        if hidden is not None:
            scores = self._add("Add", [scores, hidden], seen)
        return self._add("MatMul", [self._add("Softmax", [scores], seen, axis=-1), value], query.shape)

    def _hidden(self, query: Tensor, key: Tensor) -> Tensor:
        """What hides later steps: (steps of now, all steps), 0 or `hidden`."""
        count = query.shape[2]
        if isinstance(count, int) and not self._past:
            return self._float("hidden", np.where(np.tri(count, dtype=bool), np.float32(0), self.hidden))
        begin, end = self._span(query, axis=2, past=self._past)
        one = self._whole_number(1)
        rows = self._add("Range", [begin, end, one], (count,))
        rows = self._add("Unsqueeze", [rows, self._whole(1)], (count, 1))
        columns = self._add("Range", [self._whole_number(0), end, one], (key.shape[2],))
        shape = (count, key.shape[2])
        seen = self._add("LessOrEqual", [columns, rows], shape)
        return self._add("Where", [seen, self._number(0), self._number(float(self.hidden))], shape)

    def _span(self, x: Tensor, axis: int, past: bool) -> tuple[Tensor, Tensor]:
        """First step of x, and the one behind its last; numbers without dimensions."""
        if not past:
            return self._whole_number(0), self._once("count", lambda: self._length(x, axis))
        begin = self._once("begin", lambda: self._length(Tensor(_FIRST_MEMORY, (1, 1, "past", 1)), 2))
        return begin, self._once("end", lambda: self._add("Add", [begin, self._length(x, axis)], ()))

    def _length(self, x: Tensor, axis: int) -> Tensor:
        shape = self._add("Shape", [x], (len(x.shape),))
        return self._add("Gather", [shape, self._whole_number(axis)], (), axis=0)

    def _placed(self, name: str, x: Tensor, table: Array, past: bool) -> Tensor:
        count = x.shape[1]
        if isinstance(count, int) and not past:
            return self._add("Add", [x, self._exact(name, table[:count])], x.shape)
        zero = self._whole(0)
        begin, end = (self._add("Reshape", [at, self._whole(1)], (1,)) for at in self._span(x, 1, past))
        rows = self._add("Slice", [self._exact(name, table), begin, end, zero], (count, table.shape[1]))
        return self._add("Add", [x, rows], x.shape)

    def _widened_int8(self, name: str, weight: Array) -> Tensor:
        rows, scales = self._int8(name, weight)
        zeros = self._store(f"zeros {len(weight)}", np.full(len(weight), INT8_ZERO, np.uint8))
        return self._add("DequantizeLinear", [rows, scales, zeros], rows.shape, axis=1)

    def _multiplied_int8(self, name: str, x: Tensor, weight: Array, shape: tuple[Size, ...]) -> Tensor:
        """Spelled so that onnxruntime knows it for one operation."""
        rows, scales = self._int8(f"{name}.weight", weight)
        whole = self._once(
            f"{x.name}/int8", lambda: self._add("DynamicQuantizeLinear", [x], x.shape, outputs=3)
        )
        scale, zero = Tensor(f"{whole.name}:1", ()), Tensor(f"{whole.name}:2", ())
        y = self._add("MatMulInteger", [whole, rows, zero, self._neutral()[1]], shape, name)
        y = self._as_float(y)
        return self._add("Mul", [y, self._add("Mul", [scale, scales], scales.shape)], shape)

    def _neutral(self) -> list[Tensor]:
        """A scale of one, and the zero of stored whole numbers."""
        return [self._number(1), self._store("zero", np.array(INT8_ZERO, np.uint8))]


def _strided(steps: Size, stride: int, name: str) -> Size:
    """How many steps a convolution gives that has a zero at either end."""
    if isinstance(steps, int):
        return (steps - 1) // stride + 1
    return steps if stride == 1 else f"{name}_steps"
