"""The number types of checkpoints as numpy arrays, bfloat16 among them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["ITEM_BYTES", "as_array"]

#: Bytes of one number, by the names of numpy; bfloat16 is the upper half of a float32.
ITEM_BYTES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}


def as_array(data: bytes, dtype: str, order: Literal["<", ">"] = "<") -> NDArray[np.generic]:
    """Return `data` as an array of one dimension; bfloat16 as float32, which holds it exactly."""
    if dtype == "bfloat16":
        half = np.frombuffer(data, f"{order}u2")
        return (half.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return np.frombuffer(data, np.dtype(dtype).newbyteorder(order))
