"""SubRip subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import comma_time, one_line, raw_text, speaker_mark, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the numbered cues; numbers begin at 1 + offset_n."""
    return utf8(
        f"{number}\n{comma_time(one.t0)} --> {comma_time(one.t1)}\n"
        f"{speaker_mark(one)}{one_line(raw_text(one))}\n\n"
        for number, one in enumerate(segments, 1 + details.offset_n)
    )
