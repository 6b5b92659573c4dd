"""A file object as FFmpeg can trust it, whatever it does."""

from __future__ import annotations

import os
from typing import IO

__all__ = ["ByteSource"]


class ByteSource:
    """What PyAV reads from.

    PyAV copies what `read` returns into a buffer of fixed size without a look at its length and loses a
    KeyboardInterrupt in it; FFmpeg takes a failing read for the end of some formats. So here the length is
    checked, and `check` raises what went wrong.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Read from `file`, which needs `read`; FFmpeg seeks where it can."""
        self._file = file
        self._failure: BaseException | None = None
        name = getattr(file, "name", None)
        self.name = name if isinstance(name, str) else ""  # the number of a descriptor is no name to PyAV

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes."""
        try:
            data = self._file.read(size)
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(f"its read() returns {type(data).__name__}, not bytes")
            content = bytes(data)
            if len(content) > size:
                raise ValueError(f"its read({size}) returns {len(content)} bytes")
            return content
        except BaseException as error:
            raise self._failed(error) from error

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place in the file."""
        try:
            return self._file.seek(offset, whence)
        except BaseException as error:
            raise self._failed(error) from error

    def tell(self) -> int:
        """Return the place in the file."""
        try:
            return self._file.tell()
        except BaseException as error:
            raise self._failed(error) from error

    def seekable(self) -> bool:
        """Return whether FFmpeg may seek."""
        if not callable(getattr(self._file, "seek", None)) or not callable(getattr(self._file, "tell", None)):
            return False
        asked = getattr(self._file, "seekable", None)
        return asked is None or bool(asked())

    def check(self) -> None:
        """Raise what went wrong in the file object, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _failed(self, error: BaseException) -> OSError:
        self._failure = self._failure or error
        return OSError(str(error))
