"""Weights in whole numbers: symmetric int8, one scale for each output channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.models.export.emitter import Array

__all__ = ["per_channel"]

_MOST = 127  # not -128: the range is the same on both sides, so that zero stays zero


def per_channel(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Return (int8 of the weight's shape, scales (channels out, 1)); their product is nearly the weight.

    weight: (channels out, channels in). An error is at most half a scale; a row of zeros stays one.
    """
    scales = np.abs(weight).max(axis=1, keepdims=True) / np.float32(_MOST)
    scales[scales == 0] = 1
    return np.rint(weight / scales).astype(np.int8), scales
