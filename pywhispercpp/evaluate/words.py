"""Counts wrong words and letters: jiwer, after OpenAI's rules for English or for all other languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from functools import cache

from pywhispercpp.extras import require

__all__ = ["NONE", "Errors", "compare", "normal", "ready", "total"]

_PURPOSE = "counting wrong words"
#: Languages without blanks between words: OpenAI takes each letter for a word there.
_UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my"})


@dataclass(frozen=True)
class Errors:
    """How texts differ from their references, after normalization.

    Attributes:
        words: words of the references.
        wrong, missing, added: words that are others, that are not there, that nobody said.
        letters: letters of the references, blanks among them.
        wrong_letters: letters that are others, missing or added.
    """

    words: int
    wrong: int
    missing: int
    added: int
    letters: int
    wrong_letters: int

    @property
    def wer(self) -> float:
        """The word error rate, of 1; with added words it may be more."""
        return (self.wrong + self.missing + self.added) / max(self.words, 1)

    @property
    def cer(self) -> float:
        """The letter error rate, of 1."""
        return self.wrong_letters / max(self.letters, 1)

    def __add__(self, other: Errors) -> Errors:
        """The sum of two counts."""
        return Errors(*(a + b for a, b in zip(astuple(self), astuple(other))))


NONE = Errors(0, 0, 0, 0, 0, 0)


def total(counts: Iterable[Errors]) -> Errors:
    """The sum of counts."""
    return sum(counts, NONE)


def ready() -> None:
    """Raise MissingPackageError where what counts is not installed: before long work."""
    normal("one", "en")
    compare("one", "one", "en")


def compare(reference: str, heard: str, language: str = "en") -> Errors:
    """Count what is wrong in `heard`. Raises MissingPackageError."""
    jiwer = require("jiwer", "evaluate", _PURPOSE)
    said, got = normal(reference, language), normal(heard, language)
    if not said:  # jiwer wants a word
        return Errors(0, 0, 0, len(got.split()), 0, len(got))
    words, letters = jiwer.process_words(said, got), jiwer.process_characters(said, got)
    return Errors(
        len(said.split()),
        words.substitutions,
        words.deletions,
        words.insertions,
        len(said),
        letters.substitutions + letters.deletions + letters.insertions,
    )


def normal(text: str, language: str = "en") -> str:
    """The text as it is compared: numbers, spellings and fillers in English, no case and no marks elsewhere.

    "..." goes first, of which OpenAI's rules would make a word.
    """
    without = re.sub(r"\.{2,}|…", " ", text)
    kind = "english" if language == "en" else "letters" if language in _UNSPACED else "basic"
    return " ".join(_normalizer(kind)(without).split())


@cache
def _normalizer(kind: str) -> Callable[[str], str]:
    name = "english" if kind == "english" else "basic"
    module = require(f"whisper_normalizer.{name}", "evaluate", _PURPOSE)
    made: Callable[[str], str] = (
        module.EnglishTextNormalizer()
        if kind == "english"
        else module.BasicTextNormalizer(split_letters=kind == "letters")
    )
    return made
