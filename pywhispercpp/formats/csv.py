"""A table: start and end in milliseconds, the speaker where there is one, the text in quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import raw_text, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the table; quotes are doubled (RFC 4180), lines end with a line feed alone."""
    return utf8(_lines(segments, details.diarize or any(one.speaker for one in segments)))


def _lines(segments: Sequence[Segment], speakers: bool) -> Iterator[str]:
    yield "start,end,speaker,text\n" if speakers else "start,end,text\n"
    for one in segments:
        speaker = f"{one.speaker}," if speakers else ""
        text = raw_text(one).replace('"', '""')
        yield f'{10 * one.t0},{10 * one.t1},{speaker}"{text}"\n'
