"""What is on the screen when: words in lines, lines on pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pywhispercpp.formats.placed import placed_words

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

__all__ = ["LINES", "Page", "Placed", "pages"]

LINES = 4  # on a page
LEAD = 0.6  # seconds that a page is seen before its first word is said, where there is silence

Length = Callable[[str], float]


@dataclass(frozen=True)
class Placed:
    """A word on a page: its line, where it begins in it (pixels from the line's left end), its times (s)."""

    text: str
    line: int
    x: float
    start: float
    end: float


@dataclass(frozen=True)
class Page:
    """Words that are on the screen together, from `start` seconds on until the next page."""

    start: float
    words: tuple[Placed, ...]
    widths: tuple[float, ...]  # of the lines, in pixels

    def lit(self, time: float) -> int:
        """The number of the word that is said at that time; -1 for none."""
        found = (n for n, word in enumerate(self.words) if word.start <= time < word.end)
        return max(found, default=-1)  # the later one where two overlap


@dataclass(frozen=True)
class _Word:
    gap: str
    text: str
    start: float
    end: float


def pages(segments: Sequence[Segment], length: Length, width: float) -> list[Page]:
    """Return the pages of all segments; each segment begins a new one. `length`: of a text in pixels."""
    found: list[Page] = []
    said = 0.0  # when the last word so far ends
    for segment in segments:
        lines = list(_lines(_words(segment, length, width), length, width))
        for first in range(0, len(lines), LINES):
            page = _page(lines[first : first + LINES], length, said)
            found.append(page)
            said = max(said, *(word.end for word in page.words))
    return found


def _words(segment: Segment, length: Length, width: float) -> Iterator[_Word]:
    """The words; one that is wider than the picture in pieces, each as long as the whole is said."""
    for gap, word in placed_words(segment):
        for number, piece in enumerate(_pieces(word.text, length, width)):
            yield _Word(gap if number == 0 else "", piece, word.start, word.end)


def _pieces(text: str, length: Length, width: float) -> Iterator[str]:
    piece = ""
    for character in text:
        if piece and length(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _lines(words: Iterable[_Word], length: Length, width: float) -> Iterator[list[_Word]]:
    """The words in lines that are not wider than `width`."""
    line: list[_Word] = []
    for word in words:
        if line and length("".join(one.gap + one.text for one in [*line, word]).lstrip()) > width:
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _page(lines: Sequence[list[_Word]], length: Length, said: float) -> Page:
    """A page; it comes a little before its first word, but not before the last word so far has ended."""
    placed: list[Placed] = []
    widths = []
    for number, line in enumerate(lines):
        x = 0.0
        for index, word in enumerate(reversed(line) if _is_right_to_left(line) else line):
            x += length(word.gap) if index else 0.0
            placed.append(Placed(word.text, number, x, word.start, word.end))
            x += length(word.text)
        widths.append(x)
    first = min(word.start for word in placed)
    return Page(min(first, max(said, first - LEAD)), tuple(placed), tuple(widths))


def _is_right_to_left(line: Iterable[_Word]) -> bool:
    kinds = [unicodedata.bidirectional(character) for word in line for character in word.text]
    return sum(kind in ("R", "AL") for kind in kinds) > sum(kind == "L" for kind in kinds)
