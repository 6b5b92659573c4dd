"""Word: tokens merged into whole words, in every script."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pywhispercpp.segment import Token

# Scripts that put no blanks between words: what the model made one token of stays one word there.
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "MYANMAR", "KHMER", "TIBETAN", "BOPOMOFO", "YI ")
OPENING = ("Ps", "Pi")  # Unicode categories of what belongs to the word after it
JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Word:
    """A whole word.

    Attributes:
        text: the word with its punctuation, without blanks around it.
        start, end: seconds from the start of the audio.
        probability: geometric mean of its tokens' probabilities, 0 to 1.
    """

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class _Piece:
    """Tokens that make whole characters together."""

    text: str
    tokens: tuple[Token, ...]


def merged(tokens: Sequence[Token], t1: int) -> Iterator[Word]:
    """Yield the words of a segment that ends at `t1` centiseconds; nothing where no token has a time."""
    spoken = [token for token in tokens if not token.is_special]
    if not any(token.t0 >= 0 or token.t_dtw >= 0 for token in spoken):
        return
    groups = list(_words(_pieces(spoken)))
    starts = [_start(group) for group in groups]
    for group, start, following in zip(groups, starts, [*starts[1:], t1]):
        text = "".join(piece.text for piece in group).strip()
        if text:
            yield Word(text, start / 100, max(start, _end(group, following)) / 100, _probability(group))


def _pieces(tokens: Iterable[Token]) -> Iterator[_Piece]:
    """The tokens, joined where a character, or a letter and its marks, is cut between them."""
    held: list[Token] = []
    text = ""
    for token in tokens:
        whole = _decoded(held, token)
        if held and "\ufffd" not in text and not _continues(token, whole):
            yield _Piece(text, tuple(held))
            held = []
            whole = token.text
        held.append(token)
        text = whole
    if held:
        yield _Piece(text, tuple(held))


def _decoded(held: Sequence[Token], token: Token) -> str:
    return b"".join([*(one.raw for one in held), token.raw]).decode("utf-8", errors="replace")


def _continues(token: Token, whole: str) -> bool:
    """Whether a token begins with a mark or joiner that belongs to the letter before it."""
    first = token.text[:1]
    return bool(first) and (unicodedata.category(first).startswith("M") or first in JOINERS)


def _words(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """The pieces in groups, one for each word."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and _begins_word(group, piece.text):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _begins_word(group: Sequence[_Piece], text: str) -> bool:
    before = group[-1].text
    if not "".join(piece.text for piece in group).strip():  # only blanks until now
        return False
    if text[:1].isspace() or before[-1:].isspace():
        return True
    bare = text.strip()
    if not bare or not _has_letters(bare):  # a mark of punctuation goes with the word before it
        return bool(bare) and unicodedata.category(bare[0]) in OPENING
    if not any(_has_letters(piece.text) for piece in group):  # … and an opening one with the word after it
        return False
    return _is_unspaced(bare[0]) or _is_unspaced(before.strip()[-1:])


def _has_letters(text: str) -> bool:
    return any(unicodedata.category(character)[0] in "LNSM" for character in text)


def _is_unspaced(character: str) -> bool:
    return bool(character) and unicodedata.name(character, "").startswith(UNSPACED)


def _start(group: Sequence[_Piece]) -> int:
    first = group[0].tokens[0]
    return first.t_dtw if first.t_dtw >= 0 else first.t0


def _end(group: Sequence[_Piece], following: int) -> int:
    """The end of the last token; with DTW, which knows only starts, the start of the next word."""
    last = group[-1].tokens[-1]
    return following if last.t_dtw >= 0 or last.t1 < 0 else last.t1


def _probability(group: Sequence[_Piece]) -> float:
    logs = [token.plog for piece in group for token in piece.tokens]
    return math.exp(min(0.0, math.fsum(logs) / len(logs)))
