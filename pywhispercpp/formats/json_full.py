"""whisper-cli's JSON with the tokens of every segment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Union

from pywhispercpp.formats.json import document, dumped, speakers, times
from pywhispercpp.formats.text import raw_text

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment, Token

Number = Union[int, float, None]


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the document: UTF-8, indented with tabs."""
    return dumped(document([_entry(one, details) for one in segments], details))


def _entry(segment: Segment, details: Details) -> dict[str, Any]:
    return {
        **times(segment.t0, segment.t1),
        "text": raw_text(segment),
        "tokens": [_token(group) for group in merged(segment.tokens)],
        **speakers(segment, details),
    }


def merged(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens in groups of which each ends at the end of a character, where one is cut between them."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if not _bytes_needed(b"".join(one.raw for one in group)):
            yield group
            group = []
    if group:
        yield group


def _bytes_needed(text: bytes) -> int:
    """How many bytes the last character of the text lacks; 0 as well where it is no UTF-8 at all."""
    for back, byte in enumerate(reversed(text), 1):
        if byte & 0xC0 != 0x80:
            length = next((n for n, mask, lead in _LEADS if byte & mask == lead), 1)
            return max(0, length - back)
    return 0


# Bytes of a character, and how its first byte is told.
_LEADS = ((2, 0xE0, 0xC0), (3, 0xF0, 0xE0), (4, 0xF8, 0xF0))


def _token(group: list[Token]) -> dict[str, Any]:
    first = group[0]
    t1 = next((token.t1 for token in reversed(group[1:]) if token.t1 > -1), first.t1)
    return {
        "text": b"".join(token.raw for token in group).decode("utf-8", errors="replace"),
        **(times(first.t0, t1) if first.t0 > -1 and t1 > -1 else {}),
        "id": first.id,
        "p": six_digits(first.p),
        "t_dtw": first.t_dtw,
    }


def six_digits(number: float) -> Number:
    """A number as C++ prints it; whole ones without a point, null for what JSON has no number for."""
    if not math.isfinite(number):
        return None
    short = float(f"{number:.6g}")
    return int(short) if short.is_integer() else short
