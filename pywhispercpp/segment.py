"""Segment: a stretch of speech and its text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pywhispercpp import _core


@dataclass(eq=False, repr=False)
class Segment:
    """Text between two times.

    t0, t1: start and end in centiseconds from the start of the audio.
    text: what was said, without surrounding blanks.
    probability: geometric mean of the tokens' probabilities, 0 to 1; NaN without extract_probability.
    """

    t0: int
    t1: int
    text: str
    probability: float = math.nan

    def __str__(self) -> str:
        """Return the fields on one line."""
        return f"t0={self.t0}, t1={self.t1}, text={self.text}, probability={self.probability}"

    def __repr__(self) -> str:
        """Return the same as str(), as pywhispercpp 1.5 does."""
        return str(self)


def from_core(raw: _core.Segment, extract_probability: bool) -> Segment:
    """Return whisper.cpp's segment as a Segment; a character that is cut at its end becomes U+FFFD."""
    text = raw.text.decode("utf-8", errors="replace").strip()
    return Segment(raw.t0, raw.t1, text, _probability(raw.tokens) if extract_probability else math.nan)


def _probability(tokens: list[_core.Token]) -> float:
    if not tokens:
        return math.nan
    if any(token.p <= 0 for token in tokens):
        return 0.0
    return math.exp(math.fsum(math.log(token.p) for token in tokens) / len(tokens))
