"""Audio of any format PyAV opens, or an array, as what whisper.cpp hears: float32, mono, 16 kHz."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Union, cast

from pywhispercpp.decode import SAMPLE_RATE, decode
from pywhispercpp.errors import AudioError, AudioNotFoundError
from pywhispercpp.numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

Media = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes], "NDArray[Any]"]

__all__ = ["LOUDEST", "SAMPLE_RATE", "Media", "check_array", "load", "load_channels"]

LOUDEST = 1e9  # squares of the spectrum stay finite in float32 up to here


def load(media: Media, *, longest_s: float | None = None, name: str | None = None) -> Samples:
    """Return `media` as float32 samples, shape (n,), mono, 16 kHz, C-contiguous.

    A path, bytes of a whole file or a binary file object is decoded by PyAV: any number of channels (their
    mean is taken), any rate (resampled). An array must be 1-D, floating point and 16 kHz already.
    longest_s: refuse a file as soon as more seconds than that were decoded; 36 hours when None.
    name: what messages call a file object; its own name when None.
    Raises AudioError: nothing there, no audio in it, not audio at all, too much of it, NaN or infinite
    samples.
    """
    return check_array(media) if isinstance(media, np.ndarray) else _decoded(media, 1, longest_s, name)


def load_channels(media: Media, *, longest_s: float | None = None, name: str | None = None) -> Samples:
    """Return `media` as float32 samples, shape (n, 2), 16 kHz, C-contiguous: left and right of a stereo file.

    Takes what `load` takes; the mean of the two is what `load` returns. An array must have shape (n, 2).
    Raises AudioError as `load` does, and for anything that has not two channels.
    """
    if isinstance(media, np.ndarray):
        return check_array(media, 2)
    return _decoded(media, 2, longest_s, name).reshape(-1, 2)


def check_array(array: NDArray[Any], channels: int = 1) -> Samples:
    """Return `array` as float32, shape (n,), or (n, channels) for more than one channel, C-contiguous.

    No copy when it already is. Raises AudioError.
    """
    if array.dtype.kind != "f":
        hint = "array.astype(np.float32) / 32768" if array.dtype == np.int16 else "floats between -1 and 1"
        raise AudioError(f"an array of {array.dtype} is no audio: give float32, for example {hint}")
    if channels == 1 and array.ndim != 1:
        raise AudioError(
            f"an array of shape {array.shape} is no mono audio: give shape (n,), the mean of the channels"
        )
    if channels > 1 and (array.ndim != 2 or array.shape[1] != channels):
        raise AudioError(f"{channels} channels are needed: give shape (n, {channels}), not {array.shape}")
    if array.size == 0:
        raise AudioError("an empty array is no audio")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and is found below
        samples = np.ascontiguousarray(array, dtype=np.float32)
    _check_values(samples.reshape(-1), "the array", channels)
    return samples


def _check_values(samples: Samples, where: str, channels: int) -> None:
    # min and max carry NaN along, so two passes without a copy find everything
    if np.maximum(samples.max(), -samples.min()) <= LOUDEST:
        return
    bad = int(np.flatnonzero(~(np.abs(samples) <= LOUDEST))[0])
    at = bad // channels
    raise AudioError(f"{where}: sample {at} ({at / SAMPLE_RATE:.3f} s) is {samples[bad]}: no audio")


def _decoded(media: object, channels: int, longest_s: float | None, name: str | None) -> Samples:
    """Decode anything but an array; shape (n * channels,)."""
    if isinstance(media, (bytes, bytearray, memoryview)):
        return _decoded_bytes(media, channels, longest_s)
    if isinstance(media, (str, os.PathLike)):
        return _decoded_path(media, channels, longest_s)
    if isinstance(media, io.TextIOBase):
        raise AudioError("a text file object is no audio: open the file in binary mode, 'rb'")
    if callable(getattr(media, "read", None)):
        where = name or str(getattr(media, "name", None) or media)
        return _checked(cast("IO[bytes]", media), where, channels, longest_s)
    raise AudioError(
        f"audio cannot come from {type(media).__name__}: give a path, bytes, a file object or an array"
    )


def _checked(file: IO[bytes], where: str, channels: int, longest_s: float | None) -> Samples:
    samples = decode(file, where, channels, longest_s)
    _check_values(samples, where, channels)
    return samples


def _decoded_bytes(media: bytes | bytearray | memoryview, channels: int, longest_s: float | None) -> Samples:
    try:
        file = io.BytesIO(media)
    except (BufferError, TypeError, ValueError) as error:  # a memoryview with gaps, or released
        raise AudioError(f"this {type(media).__name__} is no bytes of a file: {error}") from error
    return _checked(file, f"<{file.getbuffer().nbytes} bytes>", channels, longest_s)


def _decoded_path(media: str | os.PathLike[Any], channels: int, longest_s: float | None) -> Samples:
    path = Path(os.fsdecode(media))
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a directory: give an audio file")
        if not path.exists():
            raise AudioNotFoundError(f"{path}: there is no such audio file")
        if path.is_file() and path.stat().st_size == 0:
            raise AudioError(f"{path} is empty (0 bytes)")
        with path.open("rb") as file:
            return _checked(file, str(path), channels, longest_s)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if isinstance(error, AudioError):
            raise
        raise AudioError(f"{path} cannot be read: {error}") from error
