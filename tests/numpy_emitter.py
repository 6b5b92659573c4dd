"""The emitter that computes at once, in numpy: so the description itself is held to the references."""

from __future__ import annotations

import numpy as np

from pywhispercpp.models.export.emitter import LAYER_NORM_EPSILON, Array, Extent
from tests.reference_encoder import gelu


class NumpyEmitter:
    """Every operation of all three interfaces; inputs are given by name, outputs lie in `outputs`."""

    def __init__(self, **inputs: Array) -> None:
        self.inputs = inputs
        self.outputs: dict[str, Array] = {}
        self.memory: dict[str, Array] = {}  # of a decoder that is called again
        self.past = 0

    def input(self, name: str, shape: tuple[Extent, ...]) -> Array:
        given = self.inputs[name]
        assert all(n == e if isinstance(e, int) else n in e for n, e in zip(given.shape, shape)), name
        return given

    def output(self, name: str, x: Array) -> None:
        self.outputs[name] = x

    def transpose(self, x: Array, order: tuple[int, ...]) -> Array:
        return x.transpose(order)

    def conv1d(self, name: str, x: Array, weight: Array, bias: Array, stride: int) -> Array:
        padded = np.pad(x[0], ((0, 0), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
        y: Array = np.einsum("isk,oik->os", windows, weight, optimize=True) + bias[:, None]
        return y[None]

    def gelu(self, x: Array) -> Array:
        return gelu(x)

    def positions(self, name: str, x: Array, table: Array) -> Array:
        return x + table[: x.shape[1]]

    def add(self, a: Array, b: Array) -> Array:
        assert a.shape == b.shape
        return a + b

    def linear(self, name: str, x: Array, weight: Array, bias: Array | None) -> Array:
        y: Array = x @ weight.T
        return y if bias is None else y + bias

    def layer_norm(self, name: str, x: Array, weight: Array, bias: Array) -> Array:
        d = x - x.mean(-1, keepdims=True)
        y: Array = d / np.sqrt((d * d).mean(-1, keepdims=True) + np.float32(LAYER_NORM_EPSILON))
        return y * weight + bias

    def split_heads(self, x: Array, heads: int) -> Array:
        return x.reshape(1, x.shape[1], heads, -1).transpose(0, 2, 1, 3)

    def join_heads(self, x: Array) -> Array:
        return x.transpose(0, 2, 1, 3).reshape(1, x.shape[2], -1)

    def attention(self, query: Array, key: Array, value: Array) -> Array:
        return self._attend(query, key, value, np.float32(0))

    def tokens(self, name: str, count: Extent) -> Array:
        return self.input(name, (1, count))

    def embedding(self, name: str, tokens: Array, table: Array) -> Array:
        rows: Array = table[tokens]
        return rows

    def next_positions(self, name: str, x: Array, table: Array) -> Array:
        return x + table[self.past : self.past + x.shape[1]]

    def remembered(self, name: str, x: Array) -> Array:
        if name in self.memory:
            x = np.concatenate([self.memory[name], x], axis=2)
        self.memory[name] = x
        return x

    def causal_attention(self, query: Array, key: Array, value: Array) -> Array:
        count, total = query.shape[2], key.shape[2]
        seen = np.tri(count, total, total - count, dtype=bool)
        return self._attend(query, key, value, np.where(seen, np.float32(0), np.float32(-np.inf)))

    def pad(self, x: Array, mirrored: int, zeros: int) -> Array:
        mirror = x[..., 1 : mirrored + 1][..., ::-1]
        return np.concatenate([mirror, x, np.zeros((1, 1, zeros), np.float32)], axis=2)

    def windows(self, name: str, x: Array, kernel: Array, stride: int) -> Array:
        taken = np.lib.stride_tricks.sliding_window_view(x[0, 0], kernel.shape[1])[::stride]
        y: Array = taken @ kernel.T
        return y[None]

    def square(self, x: Array) -> Array:
        return x * x

    def mix(self, name: str, x: Array, matrix: Array) -> Array:
        return self.linear(name, x, matrix, None)

    def log10(self, x: Array, least: float) -> Array:
        y: Array = np.log10(np.maximum(x, np.float32(least)))
        return y

    def limit_range(self, x: Array, span: float) -> Array:
        y: Array = np.maximum(x, x.max() - np.float32(span))
        return y

    def scale_shift(self, x: Array, scale: float, shift: float) -> Array:
        return x * np.float32(scale) + np.float32(shift)

    @staticmethod
    def _attend(query: Array, key: Array, value: Array, mask: Array | np.float32) -> Array:
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(query.shape[3])) + mask
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        y: Array = scores / scores.sum(-1, keepdims=True) @ value
        return y
