"""The operations Whisper's networks are made of; whoever implements them writes the networks in a format.

An operation says what is computed, not how: an emitter spells a layer norm or an attention as its format
does best. Activations are (1, steps, channels) except where an operation says otherwise. Weights come as
float32 and are the emitter's to store: it may take them in half precision or in whole numbers, except where
an operation asks for exact ones. One name is one weight, however often it is used.

Three interfaces, because a format that only runs the encoder needs no decoder: `Emitter` for the encoder,
`DecoderEmitter` for the decoder as well, `FrontEndEmitter` for what makes a log-mel spectrogram of sound.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, Union

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LAYER_NORM_EPSILON",
    "Array",
    "DecoderEmitter",
    "Emitter",
    "Extent",
    "FrontEndEmitter",
    "Value",
]

Array = NDArray[np.float32]
Extent = Union[int, range]  # one dimension: of this size, or of any size in the range
Value = TypeVar("Value")  # what an emitter calls the result of an operation

LAYER_NORM_EPSILON = 1e-5


class _Graph(Protocol[Value]):
    """What every network has."""

    def input(self, name: str, shape: tuple[Extent, ...]) -> Value:
        """A float32 input."""

    def transpose(self, x: Value, order: tuple[int, ...]) -> Value:
        """Put the dimensions into this order."""

    def output(self, name: str, x: Value) -> None:
        """What the network gives."""


class Emitter(_Graph[Value], Protocol[Value]):
    """One format. `name` is the layer's name in Whisper's own files, for whoever reads the result."""

    def conv1d(self, name: str, x: Value, weight: Array, bias: Array, stride: int) -> Value:
        """Convolve (1, channels, steps) with (channels out, channels in, 3), one zero at either end."""

    def gelu(self, x: Value) -> Value:
        """GELU by the error function, not by its approximation with tanh."""

    def positions(self, name: str, x: Value, table: Array) -> Value:
        """Add row i of the table (rows, channels) to step i; there are no more steps than rows."""

    def add(self, a: Value, b: Value) -> Value:
        """Add two values of one shape."""

    def linear(self, name: str, x: Value, weight: Array, bias: Array | None) -> Value:
        """Multiply each step by a matrix (channels out, channels in), then add the bias."""

    def layer_norm(self, name: str, x: Value, weight: Array, bias: Array) -> Value:
        """Normalise each step over its channels (LAYER_NORM_EPSILON under the root), scale and shift."""

    def split_heads(self, x: Value, heads: int) -> Value:
        """Cut the channels into heads: to (1, heads, steps, channels / heads)."""

    def attention(self, query: Value, key: Value, value: Value) -> Value:
        """Scaled dot-product attention, each query to every key; all (1, heads, steps, size)."""

    def join_heads(self, x: Value) -> Value:
        """Undo `split_heads`."""


class DecoderEmitter(Emitter[Value], Protocol[Value]):
    """A format that has the decoder too.

    A decoder may be called again and again, each time with the tokens that follow. What it keeps between
    calls, and how, is the emitter's: one that keeps nothing gets all tokens in every call.
    """

    def tokens(self, name: str, count: Extent) -> Value:
        """An input of token numbers, (1, count)."""

    def embedding(self, name: str, tokens: Value, table: Array) -> Value:
        """For each token its row of the table (rows, channels)."""

    def next_positions(self, name: str, x: Value, table: Array) -> Value:
        """Add row p + i of the table to step i, where p steps came in earlier calls."""

    def remembered(self, name: str, x: Value) -> Value:
        """Steps of earlier calls, then these; (1, heads, steps, size). `x` itself where nothing is kept."""

    def causal_attention(self, query: Value, key: Value, value: Value) -> Value:
        """`attention` in which a step sees itself and what came before; key and value are `remembered`."""


class FrontEndEmitter(_Graph[Value], Protocol[Value]):
    """A format that makes the log-mel spectrogram itself; everything in float32, the constants exact."""

    def pad(self, x: Value, mirrored: int, zeros: int) -> Value:
        """Put the mirror image of the beginning before (1, 1, samples), without its edge; zeros behind."""

    def windows(self, name: str, x: Value, kernel: Array, stride: int) -> Value:
        """Multiply each window of (1, 1, samples) by a matrix (channels out, samples in a window)."""

    def square(self, x: Value) -> Value:
        """Square each number."""

    def mix(self, name: str, x: Value, matrix: Array) -> Value:
        """Multiply each step by a matrix (channels out, channels in)."""

    def log10(self, x: Value, least: float) -> Value:
        """Take the logarithm of each number, of `least` for smaller ones."""

    def limit_range(self, x: Value, span: float) -> Value:
        """Raise every number to the highest of all less `span`."""

    def scale_shift(self, x: Value, scale: float, shift: float) -> Value:
        """Multiply each number, then add."""
