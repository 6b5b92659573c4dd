"""The operations Whisper's networks are made of; whoever implements them writes the networks in a format.

An operation says what is computed, not how: an emitter spells a layer norm or an attention as its format
does best. Activations are (1, steps, channels) except where an operation says otherwise. Weights come as
float32 and are the emitter's to store: it may take them in half precision or in whole numbers.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, Union

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAYER_NORM_EPSILON", "Array", "Emitter", "Extent", "Value"]

Array = NDArray[np.float32]
Extent = Union[int, range]  # one dimension: of this size, or of any size in the range
Value = TypeVar("Value")  # what an emitter calls the result of an operation

LAYER_NORM_EPSILON = 1e-5


class Emitter(Protocol[Value]):
    """One format. `name` is the layer's name in Whisper's own files, for whoever reads the result."""

    def input(self, name: str, shape: tuple[Extent, ...]) -> Value:
        """A float32 input."""

    def conv1d(self, name: str, x: Value, weight: Array, bias: Array, stride: int) -> Value:
        """Convolve (1, channels, steps) with (channels out, channels in, 3), one zero at either end."""

    def gelu(self, x: Value) -> Value:
        """GELU by the error function, not by its approximation with tanh."""

    def transpose(self, x: Value, order: tuple[int, ...]) -> Value:
        """Put the dimensions into this order."""

    def positions(self, name: str, x: Value, table: Array) -> Value:
        """Add row i of the table (rows, channels) to step i; there are no more steps than rows."""

    def add(self, a: Value, b: Value) -> Value:
        """Add two values of one shape."""

    def linear(self, name: str, x: Value, weight: Array, bias: Array | None) -> Value:
        """Multiply each step by a matrix (channels out, channels in), then add the bias."""

    def layer_norm(self, name: str, x: Value, weight: Array, bias: Array) -> Value:
        """Normalise each step over its channels (LAYER_NORM_EPSILON under the root), scale and shift."""

    def attention(self, query: Value, key: Value, value: Value, heads: int) -> Value:
        """Scaled dot-product attention: channels are split into heads, which are joined again after."""

    def output(self, name: str, x: Value) -> None:
        """What the network gives."""
