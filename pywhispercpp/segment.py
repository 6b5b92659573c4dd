"""Segment, Token and Transcript: what a transcription gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pywhispercpp import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pywhispercpp import _core
    from pywhispercpp.words import Word


@dataclass(frozen=True)
class Token:
    """One token of a segment, under whisper.cpp's own names (source: `whisper_token_data`).

    Attributes:
        id: its number in the model's vocabulary.
        raw: its bytes; a character may be cut between two tokens.
        p: its probability, 0 to 1.
        plog: the logarithm of it.
        t0, t1: start and end in centiseconds, -1 without token_timestamps.
        t_dtw: where DTW saw it, in centiseconds; -1 unless the model was loaded with `dtw`.
        is_special: whether it stands for no text: a timestamp, a language, the end.
    """

    id: int
    raw: bytes
    p: float
    plog: float
    t0: int = -1
    t1: int = -1
    t_dtw: int = -1
    is_special: bool = False

    @property
    def text(self) -> str:
        """The token as text; a character that is cut becomes U+FFFD."""
        return self.raw.decode("utf-8", errors="replace")


@dataclass(eq=False, repr=False)
class Segment:
    """Text between two times.

    Attributes:
        t0, t1: start and end in centiseconds from the start of the audio.
        text: what was said, without surrounding blanks.
        probability: geometric mean of the tokens' probabilities, 0 to 1; NaN without extract_probability.
        tokens: the tokens, special ones among them.
        no_speech_prob: how likely the window was no speech, 0 to 1; NaN when not from a transcription.
        temperature: what it was decoded with; above 0 after a fallback.
        speaker_turn_next: whether another speaker goes on after it (tdrz_enable).
        speaker: the channel that was louder, "0" or "1", or "?" where none was (diarize); else "".
        raw: the text exactly as whisper.cpp gave it: UTF-8, leading blank, special tokens with print_special.
    """

    t0: int
    t1: int
    text: str
    probability: float = math.nan
    tokens: tuple[Token, ...] = ()
    no_speech_prob: float = math.nan
    temperature: float = math.nan
    speaker_turn_next: bool = False
    speaker: str = ""
    raw: bytes = b""

    @property
    def start(self) -> float:
        """Start in seconds."""
        return self.t0 / 100

    @property
    def end(self) -> float:
        """End in seconds."""
        return self.t1 / 100

    @property
    def avg_logprob(self) -> float:
        """Mean log probability of the tokens; NaN without any."""
        return math.fsum(token.plog for token in self.tokens) / len(self.tokens) if self.tokens else math.nan

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The whole words, with start and end in seconds; empty without token_timestamps or `dtw`."""
        return tuple(words.merged(self.tokens, self.t0))

    def __str__(self) -> str:
        """Return the fields that pywhispercpp 1.5 had on one line."""
        return f"t0={self.t0}, t1={self.t1}, text={self.text}, probability={self.probability}"

    def __repr__(self) -> str:
        """Return the same as str(), as pywhispercpp 1.5 does."""
        return str(self)


class Transcript(list[Segment]):
    """The segments of one transcription: a list, and what is true of all of them.

    Attributes:
        language: the code of the language that was spoken or set, "" where nothing was heard.
        aborted: whether abort_callback ended it early.
        duration: seconds of audio that there were.

    >>> heard = Transcript([Segment(0, 376, "Good morning."), Segment(376, 500, "Hello.")], "en")
    >>> heard[1].start, heard.language, len(heard)
    (3.76, 'en', 2)
    """

    def __init__(
        self,
        segments: Iterable[Segment] = (),
        language: str = "",
        aborted: bool = False,
        duration: float = 0.0,
    ) -> None:
        super().__init__(segments)
        self.language = language
        self.aborted = aborted
        self.duration = duration

    @property
    def text(self) -> str:
        """All of the text, with the blanks between segments that whisper.cpp gave."""
        return (
            b"".join(segment.raw or b" " + segment.text.encode() for segment in self)
            .decode("utf-8", errors="replace")
            .strip()
        )


def from_core(raw: _core.Segment, extract_probability: bool = False) -> Segment:
    """Return whisper.cpp's segment as a Segment; a character that is cut at its end becomes U+FFFD."""
    tokens = tuple(
        Token(token.id, token.text, token.p, token.plog, token.t0, token.t1, token.t_dtw, token.is_special)
        for token in raw.tokens
    )
    return Segment(
        raw.t0,
        raw.t1,
        raw.text.decode("utf-8", errors="replace").strip(),
        _probability(tokens) if extract_probability else math.nan,
        tokens,
        raw.no_speech_prob,
        raw.temperature,
        raw.speaker_turn_next,
        raw=raw.text,
    )


def _probability(tokens: tuple[Token, ...]) -> float:
    if not tokens:
        return math.nan
    if any(token.p <= 0 for token in tokens):
        return 0.0
    return math.exp(math.fsum(math.log(token.p) for token in tokens) / len(tokens))
