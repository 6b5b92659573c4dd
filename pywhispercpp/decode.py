"""Files of any format FFmpeg knows -> float32 samples at 16 kHz, in memory of little more than the result."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from pywhispercpp import plain_wav
from pywhispercpp.byte_source import ByteSource
from pywhispercpp.errors import AudioError
from pywhispercpp.numpy_later import np

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

__all__ = ["LONGEST_HOURS", "SAMPLE_RATE", "audio_frames", "decode", "open_container", "pieces", "probe"]

SAMPLE_RATE = 16000
LONGEST_HOURS = 36  # above, whisper.cpp's int arithmetic on samples overflows
_LONGEST = LONGEST_HOURS * 3600 * SAMPLE_RATE
_LEAST_RATE = 1000  # Hz; with a rate of 1 Hz in its header a small file would fill the memory
_LEAST_BITS = 200  # a second; every codec needs more, even for silence

logger = logging.getLogger("pywhispercpp")


def decode(file: IO[bytes], where: str, channels: int = 1, longest_s: float | None = None) -> Samples:
    """Return the first audio stream of `file` at 16 kHz: shape (n * channels,), channels side by side.

    With channels=1 the mean of all there are, else the stream must have just so many. `where` names the file
    in messages. Raises AudioError: no audio in it, not audio at all, longer than `longest_s` or 36 hours.
    """
    longest = _LONGEST if longest_s is None else min(_LONGEST, int(longest_s * SAMPLE_RATE))
    told = f"{LONGEST_HOURS} hours" if longest_s is None else f"{longest_s:g} s"
    samples = _Growing(longest * channels, where, told)
    for piece in pieces(file, where, channels):
        samples.add(piece)
    return samples.taken()


def pieces(file: IO[bytes], where: str, channels: int = 1) -> Iterator[Samples]:
    """Yield what decode() returns as it is decoded, none of it kept. Raises what decode() raises."""
    with _faults_told(where):
        plain = plain_wav.pieces(file, channels)
        if plain is not None:
            yield from plain
            return
    with _audio_in(file, where) as container:
        yield from _resampled(container, channels, where)


def probe(file: IO[bytes], where: str) -> None:
    """Raise AudioError, as decode() would, for a file whose head shows that there is no audio in it."""
    with _audio_in(file, where):
        pass


@contextmanager
def _audio_in(file: IO[bytes], where: str) -> Iterator[av.container.InputContainer]:
    """The container that has audio in it; whatever goes wrong while it is open is an AudioError."""
    source = ByteSource(file)
    with _faults_told(where):
        try:
            with open_container(source) as container:
                _check_container(container, where)
                yield container
        finally:
            source.check()


@contextmanager
def _faults_told(where: str) -> Iterator[None]:
    """Whatever goes wrong in the block is an AudioError."""
    try:
        yield
    except AudioError:
        raise
    # FFmpeg's, and whatever a file object raises: a broken archive, a lost network
    except Exception as error:
        # FFmpeg adds the name that the file has on this disk, which need not be what `where` calls it.
        why = getattr(error, "strerror", None) or error
        raise AudioError(f"{where}: this is no audio file, or a damaged one ({why})") from error


class _Growing:
    """One buffer that grows by a quarter: the peak of memory stays near the result, without a second copy."""

    def __init__(self, most: int, where: str, longest: str) -> None:
        self._samples = np.empty(1 << 16, np.float32)
        self._longest = longest
        self._count = 0
        self._most = most
        self._where = where

    def add(self, piece: Samples) -> None:
        """Append; raises AudioError when it becomes too much."""
        end = self._count + piece.size
        if end > self._most:
            raise AudioError(f"{self._where}: longer than {self._longest}: cut it into parts")
        if end > self._samples.size:
            self._resize(max(end, min(self._most, self._samples.size * 5 // 4)))
        self._samples[self._count : end] = piece
        self._count = end

    def taken(self) -> Samples:
        """Return what was added; nothing may be added afterwards."""
        if self._count == 0:
            raise AudioError(f"{self._where}: there is no audio in it")
        self._resize(self._count)
        return self._samples

    def _resize(self, size: int) -> None:
        try:  # realloc: the system moves pages of a big block, and copies nothing
            self._samples.resize(size, refcheck=False)
        except MemoryError:
            hours = self._count / SAMPLE_RATE / 3600
            raise AudioError(
                f"{self._where}: too long for the memory of this machine, which was full after "
                f"{hours:.1f} hours: cut it into parts"
            ) from None


def open_container(file: ByteSource) -> av.container.InputContainer:
    """Open what FFmpeg finds in the file; titles that are not UTF-8 do not matter here."""
    import av  # 0.2 s: not paid by those who bring arrays

    # FFmpeg gets an open file and no protocol: a name or a playlist cannot make it open anything else.
    options = {"protocol_whitelist": "none"}
    if int(av.__version__.split(".")[0]) < 19:  # PyAV 19 dropped the parameter, and the failure
        return av.open(file, mode="r", metadata_errors="ignore", options=options)
    return av.open(file, mode="r", options=options)


def _check_container(container: av.container.InputContainer, where: str) -> None:
    """Refuse what has no audio, or too much of it, before it is decoded."""
    if not container.streams.audio:
        raise AudioError(f"{where}: there is no audio stream in it")
    stream = container.streams.audio[0]
    seconds = (container.duration or 0) / 1e6
    # A header may claim anything, and one written to a pipe does; the size says what can be true.
    least_bits = max(stream.bit_rate or 0, _LEAST_BITS)
    if seconds > LONGEST_HOURS * 3600 and container.size * 8 >= seconds * least_bits:
        raise AudioError(
            f"{where}: {seconds / 3600:.0f} hours of audio, longer than {LONGEST_HOURS}: cut it into parts"
        )


def _resampled(container: av.container.InputContainer, channels: int, where: str) -> Iterator[Samples]:
    """16 kHz pieces of the first audio stream."""
    resampler = _Resampler(channels, where)
    for frame in audio_frames(container, where):
        yield from resampler.push(frame)
    yield from resampler.flush()


def audio_frames(container: av.container.InputContainer, where: str) -> Iterator[av.AudioFrame]:
    """Decoded frames; damaged packets are skipped with a warning, as players do, unless they are the most."""
    import av

    stream = container.streams.audio[0]
    good, bad = 0, 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            bad += 1
            logger.debug("%s: a damaged packet at %s s: %s", where, _seconds(packet), error)
            continue
        good += len(frames)
        yield from frames
    if bad > good:
        raise AudioError(f"{where}: the audio is damaged, {bad} of {bad + good} packets cannot be decoded")
    if bad:
        logger.warning("%s: %d damaged packets were left out", where, bad)


def _seconds(packet: av.Packet[Any]) -> str:
    return "?" if packet.pts is None else f"{float(packet.pts * packet.time_base):.1f}"


class _Resampler:
    """FFmpeg's resampler, started anew whenever the stream changes its layout, rate or format."""

    def __init__(self, channels: int, where: str) -> None:
        self._channels = channels
        self._where = where
        self._resampler: av.AudioResampler | None = None
        self._input: tuple[str, int, str] | None = None

    def push(self, frame: av.AudioFrame) -> Iterator[Samples]:
        kind = (frame.layout.name, frame.sample_rate, frame.format.name)
        if self._resampler is None or kind != self._input:
            yield from self.flush()
            self._start(frame)
            self._input = kind
        assert self._resampler is not None
        yield from self._as_wanted(self._resampler.resample(frame))

    def flush(self) -> Iterator[Samples]:
        if self._resampler is not None:
            yield from self._as_wanted(self._resampler.resample(None))

    def _start(self, frame: av.AudioFrame) -> None:
        import av

        has, rate = frame.layout.nb_channels, frame.sample_rate
        if rate < _LEAST_RATE:
            raise AudioError(f"{self._where}: a sample rate of {rate} Hz is no audio")
        if self._channels not in (1, has):
            raise AudioError(f"{self._where}: {self._channels} channels are needed, it has {has}")
        # The layout stays: FFmpeg's own mono mix of stereo can be louder than either channel.
        # Packed samples: PyAV reads past the planes of a planar frame with many channels.
        self._resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE)

    def _as_wanted(self, frames: list[av.AudioFrame]) -> Iterator[Samples]:
        for frame in frames:
            if frame.samples:
                has = frame.layout.nb_channels
                packed: Samples = np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples * has)
                if has != self._channels:
                    packed = packed.reshape(-1, has).mean(axis=1, dtype=np.float32)
                yield packed
