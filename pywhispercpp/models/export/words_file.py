"""The words of a model as a small text file, for devices that turn tokens into text themselves.

Line i is token i in base64: a token is bytes, and may be half a letter. Only tokens of text are in it, so
that a number beyond the last line (end of text, language, task, time) says nothing.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path

from pywhispercpp.errors import ModelError
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["read_words", "said", "words_beside", "words_text"]


def words_beside(path: Path) -> Path:
    """Where the words of an exported file are: x.words.txt beside x.tflite."""
    return path.with_suffix(".words.txt")


def words_text(vocabulary: Vocabulary) -> str:
    """Return what the file holds."""
    return "".join(f"{b64encode(word).decode()}\n" for word in vocabulary.words[: vocabulary.eot])


def read_words(path: Path) -> list[bytes]:
    """Read such a file; raises ModelError for one that is missing or something else."""
    try:
        return [b64decode(line, validate=True) for line in path.read_text("ascii").split("\n")[:-1]]
    except OSError as error:
        raise ModelError(f"{path}: the words of the model cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path}: is no list of words, one in base64 on each line: {error}") from error


def said(tokens: Iterable[int], words: Sequence[bytes]) -> str:
    """Return what the tokens say; broken UTF-8 becomes U+FFFD."""
    data = b"".join(words[token] for token in tokens if 0 <= token < len(words))
    return data.decode("utf-8", "replace")
