"""Counts wrong words: jiwer, after OpenAI's rules for English (numbers, spellings, fillers, punctuation)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from scripts.errors import BuildError

_SAMPLES = 2000


@dataclass(frozen=True)
class Errors:
    """How texts differ from their references, in words."""

    words: int
    wrong: int
    missing: int
    added: int

    @property
    def count(self) -> int:
        """All errors."""
        return self.wrong + self.missing + self.added

    @property
    def rate(self) -> float:
        """The word error rate, of 1."""
        return self.count / self.words if self.words else 0.0

    def __add__(self, other: Errors) -> Errors:
        """The sum of two counts."""
        return Errors(
            self.words + other.words,
            self.wrong + other.wrong,
            self.missing + other.missing,
            self.added + other.added,
        )


NONE = Errors(0, 0, 0, 0)


def compare(reference: str, heard: str) -> Errors:
    """Count the words of `heard` that differ from the reference."""
    said, got = normal(reference), normal(heard)
    result = _jiwer().process_words(said, got)
    return Errors(
        words=len(said.split()),
        wrong=result.substitutions,
        missing=result.deletions,
        added=result.insertions,
    )


def total(counts: Iterable[Errors]) -> Errors:
    """The sum of counts."""
    return sum(counts, NONE)


def interval(first: Sequence[Errors], other: Sequence[Errors]) -> tuple[float, float]:
    """Between what the rate of `other` is above that of `first`, text by text, in 95 of 100 such samples.

    Source: bootstrap over the texts, always with the same random numbers.
    """
    pairs, chance = list(zip(first, other)), Random(0)
    found = []
    for _ in range(_SAMPLES):
        drawn = chance.choices(pairs, k=len(pairs))
        found.append(sum(b.count - a.count for a, b in drawn) / sum(a.words for a, _ in drawn))
    found.sort()
    return found[round(0.025 * _SAMPLES)], found[round(0.975 * _SAMPLES) - 1]


@cache
def normal(text: str) -> str:
    """The text as its words are compared, without "...": OpenAI's rules make a word of its middle."""
    return _normalizer()(re.sub(r"\.{2,}|…", " ", text))


@cache
def _normalizer() -> Callable[[str], str]:
    try:
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        raise _missing("whisper-normalizer") from error
    made: Callable[[str], str] = EnglishTextNormalizer()
    return made


def _jiwer() -> Any:  # noqa: ANN401
    try:
        import jiwer
    except ImportError as error:
        raise _missing("jiwer") from error
    return jiwer


def _missing(name: str) -> BuildError:
    return BuildError(f"words are compared with {name}, which is not here; run: nox -s bench")
