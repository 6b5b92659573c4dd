"""LiveSegment: what a stream gives, text that may still change and text that will not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pywhispercpp.segment import Segment, Token, Transcript

if TYPE_CHECKING:
    from pywhispercpp.words import Word


@dataclass(frozen=True)
class LiveSegment:
    """A piece of speech out of a stream.

    Attributes:
        text: what was said in it.
        start, end: seconds since the start of the stream.
        is_final: whether the text stays so. One that is not is replaced by the next with the same number.
        number: counts the pieces of speech from 0 on.
        confirmed: how many of the words two hearings in a row agree on; all of them when final.
        segments: the same in whisper.cpp's segments, their times counted from the start of the stream.
        lag: seconds from the arrival of the audio to this text, of a real-time source; else 0.
    """

    text: str
    start: float
    end: float
    is_final: bool
    number: int
    confirmed: int = 0
    segments: tuple[Segment, ...] = ()
    lag: float = 0.0

    @property
    def words(self) -> tuple[Word, ...]:
        """The whole words, their times in seconds since the start of the stream."""
        return tuple(word for segment in self.segments for word in segment.words)


def shifted(segments: Iterable[Segment], first: float, last: float) -> tuple[Segment, ...]:
    """Return segments of a cutting with the times of the stream, where it is at `first` to `last` seconds."""
    offset, most = round(first * 100), round(last * 100)

    def moved(time: int) -> int:
        return min(time + offset, most) if time >= 0 else time

    def token(old: Token) -> Token:
        return dataclasses.replace(old, t0=moved(old.t0), t1=moved(old.t1), t_dtw=moved(old.t_dtw))

    return tuple(
        dataclasses.replace(one, t0=moved(one.t0), t1=moved(one.t1), tokens=tuple(map(token, one.tokens)))
        for one in segments
    )


def text_of(segments: Iterable[Segment]) -> str:
    """Return the text of segments on one line, with the blanks that whisper.cpp gave."""
    return " ".join(Transcript(segments).text.split())
