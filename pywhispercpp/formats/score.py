"""Every token and its probability, a token a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the lines: text, tab, probability with six digits."""
    return utf8(f"{token.text}\t{token.p:g}\n" for one in segments for token in one.tokens)
