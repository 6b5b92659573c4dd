"""How many bits a number takes, by the names that reports have for its type."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

__all__ = ["BITS", "stored_bytes"]

BITS = {
    **{name: 4 for name in ("i4", "u4", "f4e2m1")},
    **{name: 2 for name in ("i2", "u2")},
    **{name: 8 for name in ("i8", "u8", "bool", "f8e4m3", "f8e5m2", "f8e8m0")},
    **{name: 16 for name in ("i16", "u16", "f16", "bf16")},
    **{name: 32 for name in ("i32", "u32", "f32")},
    **{name: 64 for name in ("i64", "u64", "f64", "c64")},
    "u1": 1,
    "c128": 128,
}


def stored_bytes(type_: str, shape: Iterable[int]) -> int | None:
    """Bytes of a tensor's numbers, small ones packed; None for strings and other types without a size."""
    bits = BITS.get(type_)
    return None if bits is None else (prod(shape) * bits + 7) // 8
