"""Reads a file that nobody vouches for: never past its end, and every fault with its byte."""

from __future__ import annotations

import struct
from pathlib import Path

from pywhispercpp.closing import Closing
from pywhispercpp.errors import ModelError

__all__ = ["ByteReader"]


class ByteReader(Closing):
    """Parts of one file by their place. What `take` returns is as long as what was asked for."""

    def __init__(self, path: Path, kind: str) -> None:
        """Open the file; `kind` says in messages what it should have been."""
        self.path = path
        self.kind = kind
        self._file = path.open("rb")
        self.size = path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def error(self, what: str, at: int) -> ModelError:
        """The error for a fault at a byte."""
        return ModelError(
            f"{self.path}: {what} (byte {at} of {self.size}). The file is damaged or incomplete, or no "
            f"{self.kind}"
        )

    def take(self, at: int, count: int, part: str) -> bytes:
        """The `count` bytes from `at`, which belong to `part`; ModelError where they are not all there."""
        if at < 0 or at > self.size:
            raise self.error(f"{part} should be at byte {at}, outside the file", min(max(at, 0), self.size))
        if count > self.size - at:
            raise self.error(f"the file ends inside {part}: {count} bytes needed, {self.size - at} left", at)
        self._file.seek(at)
        data = self._file.read(count)
        if len(data) != count:
            raise self.error(f"the file shrank while {part} was read", at)
        return data

    def numbers(self, at: int, layout: str, part: str) -> tuple[int, ...]:
        """Whole numbers from `at`, as `struct` lays them out."""
        data = self.take(at, struct.calcsize(layout), part)
        return struct.unpack(layout, data)
