"""A table as OpenAI's whisper writes it: start and end in milliseconds, text without surrounding blanks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import one_line, raw_text, speaker_mark, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the table; tabs in the text become blanks."""
    return utf8(["start\tend\ttext\n", *(_line(one) for one in segments)])


def _line(segment: Segment) -> str:
    text = one_line(speaker_mark(segment) + raw_text(segment)).replace("\t", " ").strip()
    return f"{10 * segment.t0}\t{10 * segment.t1}\t{text}\n"
