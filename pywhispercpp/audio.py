"""Audio of any format PyAV opens, or an array, as what whisper.cpp hears: float32, mono, 16 kHz."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Union

import numpy as np

from pywhispercpp.errors import AudioError, AudioNotFoundError

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

Media = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes], "NDArray[Any]"]

SAMPLE_RATE = 16000
LOUDEST = 1e9  # squares of the spectrum stay finite in float32 up to here

logger = logging.getLogger("pywhispercpp")


def load(media: Media) -> Samples:
    """Return `media` as float32 samples, shape (n,), mono, 16 kHz, C-contiguous.

    A path, bytes of a whole file or a binary file object is decoded by PyAV: any number of channels (their
    mean is taken), any rate (resampled). An array must be 1-D, floating point and 16 kHz already.
    Raises AudioError: nothing there, no audio in it, not audio at all, NaN or infinite samples.
    """
    if isinstance(media, np.ndarray):
        return check_array(media)
    if isinstance(media, (bytes, bytearray, memoryview)):
        return _decode(io.BytesIO(media), f"<{len(media)} bytes>")
    if isinstance(media, (str, os.PathLike)):
        return _load_path(media)
    if callable(getattr(media, "read", None)):
        return _decode(_binary(media), str(getattr(media, "name", None) or media))
    raise AudioError(
        f"audio cannot come from {type(media).__name__}: give a path, bytes, a file object or an array"
    )


def check_array(array: NDArray[Any]) -> Samples:
    """Return `array` as float32, shape (n,), C-contiguous; no copy when it already is. Raises AudioError."""
    if array.dtype.kind != "f":
        hint = "array.astype(np.float32) / 32768" if array.dtype == np.int16 else "floats between -1 and 1"
        raise AudioError(f"an array of {array.dtype} is no audio: give float32, for example {hint}")
    if array.ndim != 1:
        raise AudioError(
            f"an array of shape {array.shape} is no mono audio: give shape (n,), the mean of the channels"
        )
    if array.size == 0:
        raise AudioError("an empty array is no audio")
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and is found below
        samples = np.ascontiguousarray(array, dtype=np.float32)
    _check_values(samples, "the array")
    return samples


def _check_values(samples: Samples, where: str) -> None:
    # min and max carry NaN along, so two passes without a copy find everything
    if np.maximum(samples.max(), -samples.min()) <= LOUDEST:
        return
    first = int(np.flatnonzero(~(np.abs(samples) <= LOUDEST))[0])
    raise AudioError(f"{where}: sample {first} ({first / SAMPLE_RATE:.3f} s) is {samples[first]}: no audio")


def _load_path(media: str | os.PathLike[str]) -> Samples:
    path = Path(media)
    try:
        if path.is_dir():
            raise AudioError(f"{path} is a directory: give an audio file")
        if not path.exists():
            raise AudioNotFoundError(f"{path}: there is no such audio file")
        if path.is_file() and path.stat().st_size == 0:
            raise AudioError(f"{path} is empty (0 bytes)")
        with path.open("rb") as file:
            return _decode(file, str(path))
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if isinstance(error, AudioError):
            raise
        raise AudioError(f"{path} cannot be read: {error}") from error


def _binary(file: IO[bytes]) -> IO[bytes]:
    if isinstance(file, io.TextIOBase):
        raise AudioError("a text file object is no audio: open the file in binary mode, 'rb'")
    return file


def _decode(file: IO[bytes], where: str) -> Samples:
    import av  # 0.2 s: not paid by those who bring arrays

    try:
        with _open(file) as container:
            if not container.streams.audio:
                raise AudioError(f"{where}: there is no audio stream in it")
            chunks = list(_chunks(container, where))
    except (av.FFmpegError, OSError, TypeError, ValueError) as error:  # the last ones: a broken file object
        raise AudioError(f"{where}: this is no audio file, or a damaged one ({error})") from error
    if not chunks:
        raise AudioError(f"{where}: there is no audio in it")
    samples = np.concatenate(chunks)
    _check_values(samples, where)
    return samples


def _open(file: IO[bytes]) -> av.container.InputContainer:
    """Open what FFmpeg finds in the file; titles that are not UTF-8 do not matter here."""
    import av

    # FFmpeg gets an open file and no protocol: a name or a playlist cannot make it open anything else.
    options = {"protocol_whitelist": "none"}
    if int(av.__version__.split(".")[0]) < 19:  # PyAV 19 dropped the parameter, and the failure
        return av.open(file, mode="r", metadata_errors="ignore", options=options)
    return av.open(file, mode="r", options=options)


def _chunks(container: av.container.InputContainer, where: str) -> Iterator[Samples]:
    """Mono 16 kHz pieces of the first audio stream."""
    resampler = _Resampler()
    for frame in _frames(container, where):
        yield from resampler.push(frame)
    yield from resampler.flush()


def _frames(container: av.container.InputContainer, where: str) -> Iterator[av.AudioFrame]:
    """Decoded frames; damaged packets are skipped with a warning, as players do, unless they are the most."""
    import av

    stream = container.streams.audio[0]
    good, bad, last = 0, 0, "0.0"
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            bad += 1
            logger.debug("%s: a damaged packet after %s s: %s", where, last, error)
            continue
        for frame in frames:
            good += 1
            last = f"{frame.time:.1f}" if frame.time is not None else last
            yield frame
    if bad > good:
        raise AudioError(f"{where}: the audio is damaged, {bad} of {bad + good} packets cannot be decoded")
    if bad:
        logger.warning("%s: %d damaged packets were left out", where, bad)


class _Resampler:
    """FFmpeg's resampler, started anew whenever the stream changes its layout, rate or format."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._input: tuple[str, int, str] | None = None

    def push(self, frame: av.AudioFrame) -> Iterator[Samples]:
        import av

        kind = (frame.layout.name, frame.sample_rate, frame.format.name)
        if self._resampler is None or kind != self._input:
            yield from self.flush()
            # The layout stays: FFmpeg's own mono mix of stereo can be louder than either channel.
            # Packed samples: PyAV reads past the planes of a planar frame with many channels.
            self._resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE)
            self._input = kind
        yield from self._mono(self._resampler.resample(frame))

    def flush(self) -> Iterator[Samples]:
        if self._resampler is not None:
            yield from self._mono(self._resampler.resample(None))

    @staticmethod
    def _mono(frames: list[av.AudioFrame]) -> Iterator[Samples]:
        for frame in frames:
            if frame.samples:
                frames_by_channel = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
                yield frames_by_channel.mean(axis=1, dtype=np.float32)
