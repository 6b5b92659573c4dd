"""Plain text: a segment a line, with the blank that whisper.cpp puts before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import raw_text, speaker_mark, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the lines."""
    return utf8(f"{speaker_mark(one)}{raw_text(one)}\n" for one in segments)
