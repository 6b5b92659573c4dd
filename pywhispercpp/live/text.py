"""Two hearings of the same audio compared word by word, and words heard twice at a seam."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from pywhispercpp.live.segment import text_of
from pywhispercpp.segment import Segment, Token

MOST_TWICE = 3  # words in keep_ms


def plain(segments: Sequence[Segment]) -> list[str]:
    """Return the words in lower case without punctuation: what two hearings of one audio share."""
    return plain_words(text_of(segments))


def plain_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return re.sub(r"[^\w\s]", "", text.casefold()).split()


def agreed(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words both begin with."""
    for count, (left, right) in enumerate(zip(one, other)):
        if left != right:
            return count
    return min(len(one), len(other))


def without_twice(segments: Sequence[Segment], before: Sequence[str]) -> tuple[Segment, ...]:
    """Return `segments` without the words at their start that were the last ones of `before` already."""
    if not segments:
        return ()
    words = plain(segments[:1])
    for count in range(min(MOST_TWICE, len(words), len(before)), 0, -1):
        if words[:count] == list(before[-count:]):
            first = _without_first(segments[0], count)
            return tuple(([first] if first.text else []) + list(segments[1:]))
    return tuple(segments)


def _without_first(segment: Segment, count: int) -> Segment:
    """Return a segment without its first `count` words, separated by blanks."""
    raw = segment.raw or b" " + segment.text.encode()
    removed = re.match(rb"\s*(?:\S+(?:\s+|$)){%d}" % count, raw)
    rest = b" " + raw[removed.end() :] if removed else raw
    tokens = _after(segment.tokens, removed.end() if removed else 0)
    text = rest.decode("utf-8", errors="replace").strip()
    start = next((token.t0 for token in tokens if token.t0 >= 0 and not token.is_special), segment.t0)
    return dataclasses.replace(segment, t0=start, text=text, raw=rest, tokens=tokens)


def _after(tokens: Sequence[Token], count: int) -> tuple[Token, ...]:
    """Return the tokens but those that spell the first `count` bytes; a blank before a word is its own."""
    spelled = 0
    for index, token in enumerate(tokens):
        if not token.is_special:
            if spelled + 1 >= count:
                return tuple(tokens[index:])
            spelled += len(token.raw)
    return ()
