"""What the formats share: the text of a segment as it is written, speakers, times, UTF-8 without holes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pywhispercpp.utils import to_timestamp

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

_LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def raw_text(segment: Segment) -> str:
    """The text with its leading blank, as whisper.cpp gave it; a character that is cut becomes U+FFFD."""
    return raw_bytes(segment).decode("utf-8", errors="replace")


def raw_bytes(segment: Segment) -> bytes:
    """The bytes of the text as whisper.cpp gave it; made of the text where a segment was made by hand."""
    return segment.raw if segment.raw or not segment.text else f" {segment.text}".encode()


def one_line(text: str) -> str:
    """The text without line breaks, which would end a line or a cue of the format too early."""
    return _LINE_BREAKS.sub(" ", text)


def speaker_mark(segment: Segment) -> str:
    """whisper-cli's "(speaker 0)"; nothing without diarization."""
    return f"(speaker {segment.speaker})" if segment.speaker else ""


def comma_time(t: int) -> str:
    """Centiseconds as 00:00:03,760."""
    return to_timestamp(t, ",")


def dot_time(t: int) -> str:
    """Centiseconds as 00:00:03.760."""
    return to_timestamp(t, ".")


def utf8(parts: Iterable[str]) -> bytes:
    """The bytes of a file; what is no Unicode (a lone surrogate of a file name) becomes a question mark."""
    return "".join(parts).encode("utf-8", errors="replace")
