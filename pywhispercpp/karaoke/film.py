"""Pages and sound as one mp4: H.264 (or MPEG-4 where PyAV has no H.264) and AAC."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pywhispercpp import decode
from pywhispercpp.byte_source import ByteSource
from pywhispercpp.errors import AudioError, OutputError, PywhispercppError

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

    from pywhispercpp.audio import Media
    from pywhispercpp.karaoke.pages import Page
    from pywhispercpp.karaoke.picture import Painter

__all__ = ["RATE", "film"]

RATE = 25  # pictures a second
SOUND_RATES = (48000, 44100, 32000, 24000, 22050, 16000)  # of AAC, those that every player takes


def film(file: IO[bytes], media: Media, pages: Sequence[Page], painter: Painter) -> None:
    """Write the mp4 into a file that can seek; it lasts as long as the sound."""
    import av

    where = os.fsdecode(media) if isinstance(media, (str, os.PathLike)) else "the audio"
    try:
        with _sound(media, where) as frames, av.open(file, "w", format="mp4") as container:
            _Film(container, pages, painter).run(frames)
    except PywhispercppError:
        raise
    except (av.FFmpegError, OSError) as error:
        raise OutputError(f"the karaoke video cannot be made: {error}") from error


class _Film:
    """The picture follows the sound: no more than one frame of it is held back."""

    def __init__(
        self, container: av.container.OutputContainer, pages: Sequence[Page], painter: Painter
    ) -> None:
        self._container = container
        self._pages = pages
        self._painter = painter
        self._count = 0  # pictures so far
        self._at = -1  # the page
        self._shown: tuple[int, int] | None = None
        self._frame: av.VideoFrame | None = None
        self._video = self._video_stream()

    def run(self, frames: Iterator[av.AudioFrame]) -> None:
        """Write everything."""
        sound: av.AudioStream | None = None
        samples, rate = 0, 1
        for frame in frames:
            if sound is None:
                sound = self._sound_stream(frame)
            rate = frame.sample_rate
            frame.pts, frame.time_base = samples, Fraction(1, rate)
            samples += frame.samples
            self._container.mux(sound.encode(frame))
            self._pictures_until(samples / rate)
        self._pictures_until(max(samples / rate, 1 / RATE))
        for stream in (self._video, sound):
            if stream is not None:
                self._container.mux(stream.encode(None))

    def _video_stream(self) -> av.VideoStream:
        import av

        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream: Any = self._container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = self._painter.width, self._painter.height, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "veryfast", "crf": "20"}
        else:
            stream.bit_rate = 4_000_000
        return stream  # type: ignore[no-any-return]

    def _sound_stream(self, frame: av.AudioFrame) -> av.AudioStream:
        rate = next((one for one in SOUND_RATES if one <= frame.sample_rate), SOUND_RATES[-1])
        stream: Any = self._container.add_stream("aac", rate=rate)
        stream.layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
        stream.bit_rate = 64_000 if frame.layout.nb_channels == 1 else 128_000
        return stream  # type: ignore[no-any-return]

    def _pictures_until(self, seconds: float) -> None:
        """Write the pictures whose time begins before then."""
        while self._count < math.ceil(seconds * RATE - 1e-6):
            frame = self._picture(self._count / RATE)
            frame.pts, frame.time_base = self._count, Fraction(1, RATE)
            self._container.mux(self._video.encode(frame))
            self._count += 1

    def _picture(self, time: float) -> av.VideoFrame:
        """The picture of that time; times go up. The same one again where nothing changes."""
        while self._at + 1 < len(self._pages) and self._pages[self._at + 1].start <= time:
            self._at += 1
        page = self._pages[self._at] if self._at >= 0 else None
        wanted = (self._at, page.lit(time) if page is not None else -1)
        if self._frame is None or self._shown != wanted:
            self._frame, self._shown = _frame(self._painter.draw(page, wanted[1])), wanted
        return self._frame


def _frame(image: Image) -> av.VideoFrame:
    import av

    return av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")


@contextmanager
def _sound(media: Media, where: str) -> Iterator[Iterator[av.AudioFrame]]:
    """The frames of the first audio stream, one after another."""
    if isinstance(media, np.ndarray):
        yield _array_frames(media)
        return
    if isinstance(media, (bytes, bytearray, memoryview)):
        media = io.BytesIO(media)
    with Path(os.fsdecode(media)).open("rb") if isinstance(media, (str, os.PathLike)) else media as file:
        source = ByteSource(file)
        with _opened(source, where) as container:
            if not container.streams.audio:
                raise AudioError(f"{where}: there is no audio stream in it")
            yield _even(decode.audio_frames(container, where))
        source.check()


def _opened(source: ByteSource, where: str) -> av.container.InputContainer:
    import av

    try:
        return decode.open_container(source)
    except (av.FFmpegError, OSError) as error:
        raise AudioError(f"{where}: this is no audio file, or a damaged one ({error})") from error


def _even(frames: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """The frames in the layout and at the rate of the first, where a stream changes them on its way."""
    import av

    resampler: av.AudioResampler | None = None
    kind, wanted = None, ("", 0)
    for frame in frames:
        frame.pts = None  # counted anew: what whisper.cpp heard had no gaps either
        found = (frame.layout.name, frame.sample_rate, frame.format.name)
        if resampler is None or kind != found:
            if resampler is None:
                wanted = ("mono" if frame.layout.nb_channels == 1 else "stereo", frame.sample_rate)
            else:
                yield from resampler.resample(None)
            resampler = av.AudioResampler(format="fltp", layout=wanted[0], rate=wanted[1])
            kind = found
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _array_frames(samples: np.ndarray[Any, Any]) -> Iterator[av.AudioFrame]:
    """An array at 16 kHz in frames of a second."""
    import av

    for first in range(0, samples.size, decode.SAMPLE_RATE):
        part = np.clip(samples[first : first + decode.SAMPLE_RATE], -1, 1) * 32767
        frame = av.AudioFrame.from_ndarray(part.astype("<i2")[None, :], format="s16", layout="mono")
        frame.sample_rate = decode.SAMPLE_RATE
        yield frame
