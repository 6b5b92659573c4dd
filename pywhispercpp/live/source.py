"""Chunks for a stream out of files and pipes: at the speed they are read, or as if spoken now."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pywhispercpp import decode
from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError, AudioNotFoundError, OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.audio import Samples

RAW_FORMATS = {"s16le": ("<i2", 32768.0), "f32le": ("<f4", 1.0)}

__all__ = ["RAW_FORMATS", "Paced", "file_chunks", "raw_chunks"]


class Paced:
    """Chunks as if they were spoken now: each comes when its last sample would have been heard."""

    realtime = True

    def __init__(self, chunks: Iterable[NDArray[Any]], speed: float = 1.0) -> None:
        self._chunks = chunks
        self._speed = speed

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield the chunks in time."""
        begin = time.monotonic()
        heard = 0
        for chunk in self._chunks:
            heard += chunk.size
            time.sleep(max(0.0, begin + heard / SAMPLE_RATE / self._speed - time.monotonic()))
            yield chunk


def file_chunks(source: str | os.PathLike[str] | IO[bytes], chunk_ms: int = 100) -> Iterator[Samples]:
    """Yield an audio file, or a pipe that carries one, as chunks while it is decoded: float32, mono, 16 kHz.

    chunk_ms: how long most of them are; less where the file's own pieces are shorter. Raises AudioError.
    """
    size = max(1, chunk_ms * SAMPLE_RATE // 1000)
    if not isinstance(source, (str, os.PathLike)):
        pipe: Any = _Pipe(source) if callable(getattr(source, "read1", None)) else source
        yield from _in_parts(decode.pieces(pipe, str(getattr(source, "name", source))), size)
        return
    path = Path(source)
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a directory: give an audio file")
        with path.open("rb") as file:
            yield from _in_parts(decode.pieces(file, str(path)), size)
    except FileNotFoundError:
        raise AudioNotFoundError(f"{path}: there is no such audio file") from None
    except (OSError, ValueError) as error:
        raise AudioError(f"{path} cannot be read: {error}") from error


class _Pipe:
    """A pipe whose read() gives what is there, and does not wait until a whole buffer is."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 (a binary file with read1)
        self.read = file.read1


def _in_parts(pieces: Iterable[Samples], size: int) -> Iterator[Samples]:
    for piece in pieces:
        for first in range(0, piece.size, size):
            yield piece[first : first + size]


def raw_chunks(file: IO[bytes], kind: str, chunk_ms: int = 100) -> Iterator[Samples]:
    """Yield raw samples, mono, 16 kHz, "s16le" or "f32le", as they come out of a pipe.

    Raises OptionError, or AudioError when the last sample is cut.
    """
    if kind not in RAW_FORMATS:
        raise OptionError(f"{kind!r} is no raw format: one of {', '.join(RAW_FORMATS)}")
    dtype, full = RAW_FORMATS[kind]
    width = np.dtype(dtype).itemsize
    rest = b""
    while True:
        # read1: what is there now, and not first a whole buffer
        data = getattr(file, "read1", file.read)(chunk_ms * SAMPLE_RATE * width // 1000)
        if not data:
            break
        rest += data
        whole = len(rest) // width * width
        if whole:
            yield (np.frombuffer(rest[:whole], dtype=dtype) / full).astype(np.float32)
        rest = rest[whole:]
    if rest:
        raise AudioError(
            f"the raw audio ends inside a sample: {len(rest)} bytes are left, {kind} has {width}"
        )
