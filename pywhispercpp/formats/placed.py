"""The words of a segment where they stand in its text: what is between them stays between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pywhispercpp.words import Word

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

__all__ = ["placed_words"]


def placed_words(segment: Segment) -> Iterator[tuple[str, Word]]:
    """Yield (what stands before it, word); a segment without times of words is one word.

    Together they are the segment's text: what is left at the end is part of the last word.
    """
    words = segment.words or (_whole(segment),)
    at = 0
    for index, word in enumerate(words):
        found = segment.text.find(word.text, at)
        gap = segment.text[at:found] if found >= 0 else " "
        at = found + len(word.text) if found >= 0 else at
        rest = segment.text[at:] if index == len(words) - 1 and found >= 0 else ""
        yield gap, Word(word.text + rest, word.start, word.end, word.probability)


def _whole(segment: Segment) -> Word:
    sure = math.exp(min(0.0, segment.avg_logprob)) if segment.tokens else 1.0
    return Word(segment.text, segment.start, segment.end, sure)
