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
USUAL = 70  # centiseconds: no word is taken for longer than twice that, a pause before it is not its own
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


def merged(tokens: Sequence[Token], t0: int) -> Iterator[Word]:
    """Yield the words of a segment that begins at `t0` centiseconds; nothing where no token has a time."""
    spoken = [token for token in tokens if not token.is_special]
    groups = [group for group in _words(_pieces(spoken)) if _text(group)]
    if any(token.t_dtw >= 0 for token in spoken):
        times = _times_by_dtw(groups, t0)
    elif any(token.t0 >= 0 for token in spoken):
        times = [(group[0].tokens[0].t0, _last_spoken(group).t1) for group in groups]
    else:
        return
    for group, (start, end) in zip(groups, times):
        yield Word(_text(group), start / 100, max(start, end) / 100, _probability(group))


def _times_by_dtw(groups: Sequence[Sequence[_Piece]], t0: int) -> list[tuple[int, int]]:
    """DTW tells where tokens end. A word begins where the one before ended, or later: after a pause."""
    ends = [_last_spoken(group).t_dtw for group in groups]
    from statistics import median  # here: most ask for no DTW

    whole = [end - start for start, end in zip([t0, *ends], ends)]
    longest = 2 * min(USUAL, median(whole)) if whole else 0
    return [(end - min(length, int(longest)), end) for length, end in zip(whole, ends)]


def _last_spoken(group: Sequence[_Piece]) -> Token:
    """The last token with a letter: a mark of punctuation has the pause after the word for its own."""
    return next((p for p in reversed(group) if _has_letters(p.text)), group[-1]).tokens[-1]


def _text(group: Sequence[_Piece]) -> str:
    return "".join(piece.text for piece in group).strip()


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


def _probability(group: Sequence[_Piece]) -> float:
    logs = [token.plog for piece in group for token in piece.tokens]
    return math.exp(min(0.0, math.fsum(logs) / len(logs)))
