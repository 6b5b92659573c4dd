"""Damaged model files of every kind: a report, or a ModelError that names the file; no process dies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import model_files, small_model
from tests.fuzzing import Child, tries


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    worker = Child()
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def vad(silero: Path) -> bytes:
    return silero.read_bytes()


def damaged(good: bytes, seed: int) -> bytes:
    """The content after one to four accidents; the same for the same seed."""
    source = random.Random(seed)
    bad = bytearray(good)
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(bad) + 1)
        kind = source.choice(("flip", "flip", "number", "cut", "insert", "delete", "copy"))
        if kind == "flip" and at < len(bad):
            bad[at] ^= 1 << source.randrange(8)
        elif kind == "number":
            number = source.choice((0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(bad)))
            bad[at : at + 4] = number.to_bytes(4, "little")
        elif kind == "cut" and source.random() < 0.3:
            del bad[at:]
        elif kind == "insert":
            bad[at:at] = source.randbytes(source.randint(1, 16))
        elif kind == "delete":
            del bad[at : at + source.randint(1, 16)]
        elif kind == "copy":
            start = source.randrange(len(bad) + 1)
            bad[at : at + 32] = bad[start : start + 32]
    return bytes(bad)


def look(child: Child, content: bytes) -> None:
    how, details = child.ask("inspect", content)
    assert how == "result" or (details.startswith("ModelError: ") and "model.xml" in details), details


@tries(400)
@given(seed=st.integers(0, 2**32))
def test_onnx(child: Child, seed: int) -> None:
    pytest.importorskip("onnx")
    look(child, damaged(model_files.onnx_model().SerializeToString(), seed))


@tries(400)
@given(seed=st.integers(0, 2**32))
def test_tflite(child: Child, seed: int) -> None:
    pytest.importorskip("ai_edge_litert")
    look(child, damaged(model_files.tflite_bytes(), seed))


@tries(300)
@given(seed=st.integers(0, 2**32))
def test_ir(child: Child, seed: int) -> None:
    look(child, damaged(model_files.IR.encode(), seed))


@tries(100)
@given(seed=st.integers(0, 2**32))
def test_vad(child: Child, vad: bytes, seed: int) -> None:
    look(child, damaged(vad[:2000], seed) + vad[2000:])


@tries(10)
@given(seed=st.integers(0, 2**32))
def test_whisper(child: Child, seed: int) -> None:
    good = bytes(small_model.model_bytes(replace(small_model.HEADER)))
    look(child, damaged(good[:200], seed) + good[200:])
