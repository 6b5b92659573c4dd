"""A karaoke video of a transcript: the words on the screen, the one that is said lit, and the sound.

    from pywhispercpp import karaoke

    transcript = model.transcribe("song.mp3", token_timestamps=True)
    karaoke.write("song.mp4", "song.mp3", transcript)

PyAV writes the mp4 (H.264 and AAC); Pillow draws, from the extra `karaoke`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from pywhispercpp.atomic_file import writing
from pywhispercpp.errors import OptionError
from pywhispercpp.karaoke.film import film
from pywhispercpp.karaoke.font import load_font
from pywhispercpp.karaoke.pages import pages
from pywhispercpp.karaoke.picture import Painter

if TYPE_CHECKING:
    from pywhispercpp.audio import Media
    from pywhispercpp.segment import Segment

__all__ = ["write"]

Path = Union[str, "os.PathLike[str]"]


def write(
    path: Path,
    media: Media,
    segments: Sequence[Segment],
    *,
    font_path: Path | None = None,
    width: int = 1280,
    height: int = 720,
) -> None:
    """Write the video, whole or not at all.

    media: what was transcribed: a path, the bytes of a file, or an array (16 kHz, mono). Its sound is taken
        over at its own rate, in mono or stereo.
    segments: with times of words (token_timestamps=True, or a model with DTW).
    font_path: a TrueType font; when None Pillow's own, or one of this machine where that lacks letters.
    width, height: of the picture, even numbers of pixels.
    Raises OptionError, AudioError, OutputError, or MissingPackageError without Pillow.
    """
    if segments and not any(segment.words for segment in segments):
        raise OptionError("karaoke needs times of words: transcribe with token_timestamps=True")
    if min(width, height) < 64 or width % 2 or height % 2:
        raise OptionError(f"a picture of {width}x{height} cannot be: even numbers from 64 on")
    font = load_font(font_path, height // 11, "".join(segment.text for segment in segments))
    painter = Painter(font, width, height)
    shown = pages(segments, painter.length, width * 9 // 10)
    with writing(path, "wb") as file:
        film(file, media, shown, painter)
