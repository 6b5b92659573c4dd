"""WAV files that are read as they are, 16-bit PCM at 16 kHz: importing PyAV takes longer than that."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from pywhispercpp.numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pieces"]

_PCM, _RATE, _BYTES = 1, 16000, 2  # of a sample
_FRAMES = 1 << 16  # read at once


def pieces(file: IO[bytes], channels: int) -> Iterator[NDArray[np.float32]] | None:
    """The samples of such a file, piece by piece, as PyAV would give them: bit for bit.

    channels: 1 for the mean of all there are, 2 for both, side by side. None, with the file where it was, for
    everything else, a damaged WAV file too: that is PyAV's to read, and to complain of. Only files of the
    system and bytes are looked at; another object may not even be able to go back.
    """
    if type(file) not in (io.BufferedReader, io.BytesIO) or file.closed or not file.seekable():
        return None
    start = file.tell()
    found = _data(file)
    if found is None or channels not in (1, found[0]):
        file.seek(start)
        return None
    return _samples(file, channels, *found)


def _data(file: IO[bytes]) -> tuple[int, int] | None:
    """How many channels there are and how many bytes follow; None where something is not as it has to be."""
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    has = 0
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            return (
                (has, size) if has and size and not size % (has * _BYTES) and _is_there(file, size) else None
            )
        if name == b"fmt ":
            has = _channels(file.read(size + size % 2))
        else:
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


def _channels(form: bytes) -> int:
    """One or two; 0 for what is not 16-bit PCM at 16 kHz."""
    if len(form) < 16:
        return 0
    kind, has, rate, rate_of_bytes, block, bits = struct.unpack_from("<HHIIHH", form)
    wanted = (_PCM, _RATE, _RATE * has * _BYTES, has * _BYTES, 8 * _BYTES)
    return has if has in (1, 2) and (kind, rate, rate_of_bytes, block, bits) == wanted else 0


def _is_there(file: IO[bytes], size: int) -> bool:
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end - here >= size


def _samples(file: IO[bytes], channels: int, has: int, size: int) -> Iterator[NDArray[np.float32]]:
    while size and (read := file.read(min(size, _FRAMES * has * _BYTES))):
        size -= len(read)
        whole = len(read) // (has * _BYTES) * has
        piece = np.frombuffer(read, "<i2", whole).astype(np.float32) / np.float32(32768)
        yield piece if has == channels else piece.reshape(-1, has).mean(axis=1, dtype=np.float32)
