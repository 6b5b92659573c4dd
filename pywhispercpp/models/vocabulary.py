"""The tokens of a model: special numbers, prompts, and text out of tokens.

Source: `whisper_vocab` and `whisper_model_load` in src/whisper.cpp of whisper.cpp 1.8.5, whose decoder never
takes the same tokens (`whisper_process_logits`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pywhispercpp import _core
from pywhispercpp.errors import OptionError
from pywhispercpp.models.ggml_layout import GgmlHeader

__all__ = ["TASKS", "Vocabulary"]

TASKS = ("transcribe", "translate")
_ENGLISH_EOT = 50256
_BEFORE_LANGUAGES = 51765  # tokens of an English model that are neither text nor languages, and the text


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of one model. `words` has those of the text; special ones are told by their numbers."""

    header: GgmlHeader
    words: Sequence[bytes]

    @property
    def eot(self) -> int:
        """End of the text."""
        return _ENGLISH_EOT + self.header.multilingual

    @property
    def sot(self) -> int:
        """Start of a transcript; the languages follow."""
        return self.eot + 1

    @property
    def languages(self) -> int:
        """How many languages the model knows: 99, 100 since large-v3, 0 in an English model."""
        return self.header.n_vocab - _BEFORE_LANGUAGES - 1 if self.header.multilingual else 0

    @property
    def translate(self) -> int:
        """The task of writing English, whatever is spoken."""
        return self.sot + 1 + (self.languages if self.header.multilingual else 99)

    @property
    def transcribe(self) -> int:
        """The task of writing what is spoken."""
        return self.translate + 1

    @property
    def previous(self) -> int:
        """Start of the text before."""
        return self.translate + 3

    @property
    def no_speech(self) -> int:
        """Nobody speaks."""
        return self.translate + 4

    @property
    def no_timestamps(self) -> int:
        """No times are wanted."""
        return self.translate + 5

    @property
    def timestamps(self) -> int:
        """0.00 s; those that follow are 20 ms apart."""
        return self.translate + 6

    def language(self, code: str) -> int:
        """Token of a language ("de", "german"); raises OptionError for one that the model does not know."""
        number = _core.lang_id(code)
        if not 0 <= number < self.languages:
            known = "English only" if not self.languages else f"{self.languages} languages"
            raise OptionError(f"language={code!r}: the model knows {known}, not this one")
        return self.sot + 1 + number

    def prompt(self, language: str | None = None, task: str = TASKS[0]) -> list[int]:
        """Return the tokens a transcript without times starts with; the language is English when None."""
        if task not in TASKS:
            raise OptionError(f"task={task!r}: one of {', '.join(TASKS)} is needed")
        if not self.header.multilingual:
            if task == "translate" or (language or "en") not in ("en", "english"):
                raise OptionError(f"language={language!r}, task={task!r}: this model writes English only")
            return [self.sot, self.no_timestamps]
        wanted = self.translate if task == "translate" else self.transcribe
        return [self.sot, self.language(language or "en"), wanted, self.no_timestamps]

    def suppressed(self) -> list[int]:
        """Return the tokens that never follow in a transcript without times."""
        names = range(self.sot, self.header.n_vocab)  # start, languages, tasks, marks, times
        return list(names)

    def suppressed_first(self) -> list[int]:
        """Return the tokens that moreover are not the first: a blank and the end."""
        blanks = [token for token, word in enumerate(self.words) if word == b" "]
        return [*blanks, self.eot]

    def text(self, tokens: Iterable[int]) -> str:
        """Return what text tokens say; special ones say nothing, broken UTF-8 becomes U+FFFD."""
        data = b"".join(self.words[token] for token in tokens if 0 <= token < self.eot)
        return data.decode("utf-8", "replace")
