"""A model's own vocabulary, or OpenAI's, as the bytes that whisper.cpp prints for each token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.json_file import read_json

__all__ = ["Tokens", "ended", "of_ctranslate2", "of_hugging_face", "of_tiktoken", "written"]

Tokens = dict[int, str]  # number -> text, in the byte-level alphabet of GPT-2

_ENGLISH_OUTPUTS = 51864
_LARGE_V3_OUTPUTS = 51866
_END = "<|endoftext|>"
_MOST_BYTES = 64 << 20


def _alphabet() -> dict[str, int]:
    """Letter -> byte in GPT-2's byte-level alphabet: printable bytes stand for themselves."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): byte for byte in plain}
    letters.update({chr(256 + number): byte for number, byte in enumerate(others)})
    return letters


_BYTES = _alphabet()


def of_tiktoken(path: Path) -> list[bytes]:
    """The tokens of one of OpenAI's files, in the order of their numbers."""
    try:
        lines = [line.split() for line in path.read_bytes().splitlines() if line.strip()]
        tokens = [base64.b64decode(line[0]) for line in lines]
        ranks = [int(line[1]) for line in lines]
    except (OSError, binascii.Error, ValueError, IndexError) as error:
        raise ModelError(f"{path}: no vocabulary: {error}") from error
    if ranks != list(range(len(ranks))):
        raise ModelError(f"{path}: no vocabulary: its tokens are not numbered from 0")
    return tokens


def of_hugging_face(folder: Path) -> Tokens | None:
    """The tokens of `vocab.json` and `added_tokens.json`, else of `tokenizer.json`; None without them."""
    vocabulary, added = folder / "vocab.json", folder / "added_tokens.json"
    if vocabulary.is_file():
        extra = _numbered(added, read_json(added, _MOST_BYTES)) if added.is_file() else {}
        return _joined(vocabulary, _numbered(vocabulary, read_json(vocabulary, _MOST_BYTES)), extra)
    tokenizer = folder / "tokenizer.json"
    return _of_tokenizer(tokenizer) if tokenizer.is_file() else None


def _of_tokenizer(path: Path) -> Tokens:
    found = read_json(path, _MOST_BYTES)
    model = found.get("model") if isinstance(found, dict) else None
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        raise ModelError(f"{path}: no vocabulary: Whisper's is a byte pair encoding (model.type BPE)")
    more = found.get("added_tokens") or []
    if not isinstance(more, list) or not all(isinstance(one, dict) for one in more):
        raise ModelError(f"{path}: no vocabulary: added_tokens is no list of tokens")
    extra = {str(one.get("content")): one.get("id") for one in more}
    return _joined(path, _numbered(path, model.get("vocab")), _numbered(path, extra))


def of_ctranslate2(folder: Path) -> Tokens | None:
    """The tokens of `vocabulary.json` or `vocabulary.txt`, a line each; None without them."""
    as_json, as_text = folder / "vocabulary.json", folder / "vocabulary.txt"
    if as_json.is_file():
        words = read_json(as_json, _MOST_BYTES)
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ModelError(f"{as_json}: no vocabulary: a list of texts is needed")
        return dict(enumerate(words))
    if not as_text.is_file():
        return None
    try:
        if as_text.stat().st_size > _MOST_BYTES:
            raise ModelError(f"{as_text}: no vocabulary: {as_text.stat().st_size} bytes")
        return dict(enumerate(as_text.read_text(encoding="utf-8").split("\n")))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{as_text}: no vocabulary: {error}") from error


def _numbered(path: Path, table: Any) -> Tokens:  # noqa: ANN401 - anything that JSON can be
    if not isinstance(table, dict) or not all(type(number) is int for number in table.values()):
        raise ModelError(f"{path}: no vocabulary: a table of texts and their numbers is needed")
    tokens = {number: text for text, number in table.items()}
    if len(tokens) != len(table):
        raise ModelError(f"{path}: no vocabulary: two tokens have one number")
    return tokens


def _joined(path: Path, tokens: Tokens, extra: Tokens) -> Tokens:
    for number, text in extra.items():
        if tokens.setdefault(number, text) != text:
            raise ModelError(f"{path}: token {number} is {tokens[number]!r} and {text!r}")
    return tokens


def written(tokens: Mapping[int, str], n_vocab: int, where: Path) -> list[bytes]:
    """What of a model's own tokens the ggml file lists, as the official files do: the text, no commands.

    whisper.cpp knows the numbers of the commands, so they have to be the usual ones here.
    """
    end = _end(n_vocab)
    _look_at_commands(tokens, n_vocab, end, where)
    try:
        found = [bytes([_BYTES[letter] for letter in tokens[number]]) for number in range(end)]
    except KeyError as error:
        raise ModelError(
            f"{where}: its vocabulary has no token {error}, or a token with that letter, which GPT-2 has not"
        ) from None
    return ended(found, n_vocab, where)


def ended(tokens: list[bytes], n_vocab: int, where: Path) -> list[bytes]:
    """The tokens and, as in the official files, the English end; whisper.cpp names the multilingual one."""
    if len(tokens) != _end(n_vocab):
        raise ModelError(f"{where}: a vocabulary of {len(tokens)} texts, expected {_end(n_vocab)}")
    return [*tokens, _END.encode()] if n_vocab == _ENGLISH_OUTPUTS else tokens


def _end(n_vocab: int) -> int:
    """The number of <|endoftext|>, and how many texts come before it."""
    return 50256 if n_vocab == _ENGLISH_OUTPUTS else 50257


def _look_at_commands(tokens: Mapping[int, str], n_vocab: int, end: int, where: Path) -> None:
    no_timestamps = end + (107 if n_vocab == _LARGE_V3_OUTPUTS else 106)
    for text, number in (
        (_END, end),
        ("<|startoftranscript|>", end + 1),
        ("<|notimestamps|>", no_timestamps),
    ):
        if tokens.get(number, text) != text:
            raise ModelError(
                f"{where}: token {number} of its vocabulary is {tokens[number]!r}; whisper.cpp takes it for "
                f"{text} in every network of {n_vocab} outputs"
            )
