"""Lyrics with times, for music players."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import one_line, raw_text, speaker_mark, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return a line for each segment: minutes, seconds and hundredths of its start, and its text."""
    lines = (f"[{_time(one.t0)}]{speaker_mark(one)}{one_line(raw_text(one))}\n" for one in segments)
    return utf8(["[by:whisper.cpp]\n", *lines])


def _time(t: int) -> str:
    minutes, rest = divmod(t, 6000)
    return f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
