"""Damaged weights of every kind: an error of ours each; no process dies, hangs or fills the memory.

The number of an example is its seed. With HYPOTHESIS_PROFILE=long there are fifty times as many, others each
time.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzzing import Child, tries
from tests.small_model import HEADER
from tests.whisper_weights import (
    TorchPickle,
    bfloat16,
    config,
    ctranslate2,
    hugging_face,
    network,
    openai,
    safetensors,
    torch_legacy,
    torch_zip,
)

FILES = 150  # of each kind
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 65535, 1 << 24, (1 << 31) - 1, (1 << 32) - 1, 1 << 40, (1 << 64) - 1)
CODES = b"\x80\x95(0N\x88\x89JKM\x8aGX\x8cU)\x85\x86\x87t]ae}squr\x94hjc\x93RbQ.IoFilV\x81\x82\x92B\x8e\x96"
TINY = replace(
    HEADER, n_vocab=9, n_audio_ctx=3, n_audio_state=4, n_text_state=4, n_text_ctx=3, n_mels=5, n_audio_layer=1
)

Damage = Callable[[random.Random], dict[str, bytes]]  # file name -> content


@cache
def good(kind: str) -> bytes:
    """A whole file of a network of nothing."""
    arrays = network(TINY)
    return {
        "torch": lambda: torch_zip(openai(arrays, TINY)),
        "pickle": lambda: TorchPickle().done(openai(arrays, TINY)),
        "legacy": lambda: torch_legacy(hugging_face(arrays)),
        "ctranslate2": lambda: ctranslate2(arrays),
        "int8": lambda: ctranslate2(arrays, "int8"),
        "safetensors": lambda: safetensors(hugging_face({n: bfloat16(a) for n, a in arrays.items()})),
    }[kind]()


def damaged(content: bytes, source: random.Random, low: int = 0, high: int | None = None) -> bytes:
    """Between `low` and `high`: bits turned, numbers put in, something cut, doubled, moved or left out."""
    bad = bytearray(content)
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        end = min(len(bad), high or len(bad))
        if end <= low:
            break
        at = source.randrange(low, end)
        what = source.randrange(7)
        if what == 0:
            bad[at] ^= 1 << source.randrange(8)
        elif what == 1:
            bad[at] = source.randrange(256)
        elif what == 2:
            form = source.choice(("<H", "<I", "<Q"))
            size = struct.calcsize(form)
            number = source.choice(NUMBERS) % (1 << 8 * size)
            bad[at : at + size] = struct.pack(form, number)
        elif what == 3:
            del bad[at : at + source.randint(1, 16)]
        elif what == 4:
            bad[at:at] = source.randbytes(source.randint(1, 16))
        elif what == 5:
            other = source.randrange(low, end)
            bad[at : at + 8] = bad[other : other + 8]
        else:
            del bad[at:]
    return bytes(bad)


def torch_archive(source: random.Random) -> dict[str, bytes]:
    """The zip archive itself; half of the damage is in its directory."""
    content = good("torch")
    low = content.rindex(b"PK\x01\x02") - 3000 if source.random() < 0.5 else 0
    return {"x.pt": damaged(content, source, low)}


def torch_table(source: random.Random) -> dict[str, bytes]:
    """The pickle, in a whole archive."""
    table = damaged(good("pickle"), source)
    return {"x.pt": torch_zip(openai(network(TINY), TINY), pickled=table)}


def torch_codes(source: random.Random) -> dict[str, bytes]:
    """Instructions in any order, with the ones of a whole table between them."""
    table = bytearray(good("pickle"))
    for _ in range(source.randint(1, 30)):
        at = source.randrange(2, len(table))
        table[at : at + source.randint(0, 2)] = bytes(source.choices(CODES, k=source.randint(1, 3)))
    if source.random() < 0.3:
        table = bytearray(b"\x80\x02") + bytes(source.choices(CODES + b"\x00\x01\x02", k=200)) + b"."
    return {"x.pt": torch_zip({}, pickled=bytes(table))}


def torch_old(source: random.Random) -> dict[str, bytes]:
    """The format before 1.6; what says that it is that stays."""
    return {"x.pt": damaged(good("legacy"), source, 14)}


def ctranslate2_model(source: random.Random) -> dict[str, bytes]:
    """Plain and in whole numbers."""
    return {"model.bin": damaged(good(source.choice(("ctranslate2", "int8"))), source, 18)}


def safetensors_file(source: random.Random) -> dict[str, bytes]:
    """Mostly its header."""
    content = good("safetensors")
    (length,) = struct.unpack("<Q", content[:8])
    return {"model.safetensors": damaged(content, source, 0, 8 + length)}


def folder_texts(source: random.Random) -> dict[str, bytes]:
    """The texts around weights: settings, vocabularies, the index of several files."""
    names = list(hugging_face(network(TINY)))
    whole = {
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}},
        "added_tokens": [{"content": "<x>", "id": 2}],
    }
    texts: dict[str, object] = {
        "config.json": config(TINY),
        "vocab.json": {"a": 0, "b": 1},
        "added_tokens.json": {"<x>": 2},
        "tokenizer.json": whole,
        "model.safetensors.index.json": {"weight_map": dict.fromkeys(names, "a.safetensors")},
    }
    files = {name: json.dumps(value).encode() for name, value in texts.items()}
    if source.random() < 0.5:
        del files["vocab.json"]
    files["a.safetensors"] = good("safetensors")
    chosen = source.choice(sorted(files))
    files[chosen] = damaged(files[chosen], source)
    return files


def ctranslate2_texts(source: random.Random) -> dict[str, bytes]:
    """The vocabulary beside a CTranslate2 model."""
    name, content = source.choice(
        (("vocabulary.json", b'["a", "b", "\\u0120c"]'), ("vocabulary.txt", "a\nb\nĠc\n".encode()))
    )
    return {"model.bin": good("ctranslate2"), name: damaged(content, source)}


KINDS: dict[str, Damage] = {
    damage.__name__: damage
    for damage in (
        torch_archive,
        torch_table,
        torch_codes,
        torch_old,
        ctranslate2_model,
        safetensors_file,
        folder_texts,
        ctranslate2_texts,
    )
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """A process that opens what it is told to."""
    made = Child()
    yield made
    made.stop()


def ask(child: Child, folder: Path, files: dict[str, bytes]) -> str:
    """How opening this folder ends."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    how, details = child.ask("weights", str(folder))
    assert how == "result" or str(folder) in details, details
    return how


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_damaged_weights(kind: str, child: Child, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(kind)
    endings = {"result": 0, "refused": 0}

    @tries(FILES)
    @given(st.integers(0, (1 << 64) - 1))
    @example(0)
    def each(number: int) -> None:
        endings[ask(child, folder, KINDS[kind](random.Random(number)))] += 1

    each()
    assert endings["refused"] >= FILES // 5, endings


@pytest.mark.parametrize("kind", ["torch", "legacy", "ctranslate2", "int8", "safetensors"])
def test_whole_ones_are_read(kind: str, child: Child, tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    assert ask(child, tmp_path, {"model.bin": good(kind)}) == "result"
