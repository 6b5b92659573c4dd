"""File hashes, written `algorithm:hex`."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["digest", "matches"]

_BLOCK = 1 << 20


def digest(path: Path, algorithm: str) -> str:
    """Hash of the whole file as `algorithm:hex`, read in blocks of 1 MiB."""
    state = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return f"{algorithm}:{state.hexdigest()}"


def matches(path: Path, expected: str) -> bool:
    """True when the file exists and has the hash `expected` (`algorithm:hex`)."""
    return path.is_file() and digest(path, expected.partition(":")[0]) == expected
