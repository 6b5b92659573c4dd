"""Damaged models: each is refused in words or works; no process dies, hangs or fills the machine.

Hundreds here, and many thousands with HYPOTHESIS_PROFILE=long.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelError
from pywhispercpp.models import ggml_file
from tests.damaged_models import Structure, vad_structure, whisper_structure
from tests.fuzzing import LONG, Child
from tests.small_model import HEADER, model_bytes

pytestmark = pytest.mark.fuzz

TIMES = LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
LOADED, HEARD, VAD = 400 * TIMES, 30 * TIMES, 150 * TIMES
HEADER_END = 48
VOCABULARY_AT = HEADER_END + 8 + 4 * 80 * 201

# Found with whisper.cpp as upstream has it: these ended the process, by a signal or an assertion.
DEADLY = (19768, 15, 21, 25, 31, 34, 35, 42, 45, 50, 67, 80, 84, 95, 99, 106, 140, 190, 218, 226, 239)
DEADLY_VAD = (9, 15, 19, 38, 40, 43, 46, 57, 68, 73, 95, 150, 231, 285)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    process = Child()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def small() -> Structure:
    """The smallest network that there can be, with random weights in its encoder."""
    return whisper_structure(bytes(model_bytes(HEADER, 1)))


def test_whisper_cpp_loads_or_refuses(child: Child, small: Structure, tmp_path: Path) -> None:
    """Its own loader, which here gets what `Model` would have refused before."""
    path = tmp_path / "ggml-damaged.bin"
    answers = []
    for number in range(LOADED):
        what, data = small.damaged(number)
        path.write_bytes(data)
        answers.append((_ask(child, "model", path, what), _accepts(path)))
    path.unlink()
    assert sum(how == "refused" for how, _ in answers) >= LOADED // 2
    # What this package lets pass is what whisper.cpp can load.
    assert [number for number, (how, passes) in enumerate(answers) if passes and how == "refused"] == []
    assert sum(passes for _, passes in answers) >= 2


@pytest.mark.parametrize("number", DEADLY)
def test_what_ended_the_process_once_is_refused(
    child: Child, small: Structure, number: int, tmp_path: Path
) -> None:
    path = tmp_path / "ggml-damaged.bin"
    what, data = small.damaged(number)
    path.write_bytes(data)
    assert _ask(child, "model", path, what) == "refused"
    with pytest.raises(ModelError):
        ggml_file.check(path)


def test_whisper_cpp_loads_or_refuses_vad_models(child: Child, silero: Path, tmp_path: Path) -> None:
    good = vad_structure(silero.read_bytes())
    path = tmp_path / "ggml-damaged.bin"
    answers = []
    for number in [*DEADLY_VAD, *range(VAD)]:
        what, data = good.damaged(number)
        path.write_bytes(data)
        answers.append(_ask(child, "vad", path, what))
    assert set(answers[: len(DEADLY_VAD)]) == {"refused"}
    assert answers.count("refused") >= VAD // 2


def test_a_real_model_is_refused_or_heard_with(child: Child, tiny_en: Path, tmp_path: Path) -> None:
    """Damage anywhere, in the weights too."""
    good = tiny_en.read_bytes()
    path = tmp_path / "ggml-damaged.bin"
    answers = []
    for number in range(HEARD):
        what, data = _damaged(good, number)
        path.write_bytes(data)
        answers.append(_ask(child, "hear", path, what))
    path.unlink()
    assert answers.count("refused") >= HEARD // 3
    assert answers.count("result") >= HEARD // 6


def _ask(child: Child, task: str, path: Path, what: str) -> str:
    """How it ended, `result` or `refused`; everything else fails, and says what had been done to the file."""
    try:
        how, details = child.ask(task, str(path))
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from error
    assert how == "result" or (details.startswith("ModelError") and str(path) in details), (
        f"{what}: {details}"
    )
    return how


def _accepts(path: Path) -> bool:
    try:
        ggml_file.check(path)
    except ModelError:
        return False
    return True


def _damaged(good: bytes, number: int) -> tuple[str, bytes]:
    """The file of that number and what was done to it; the same in every run."""
    source = random.Random(f"ggml {number}")
    bad = bytearray(good)
    tensors_at = good.index(struct.pack("<3i", 2, 28, 0))  # decoder.positional_embedding comes first
    kind = ("header", "filters", "vocabulary", "tensor", "weights", "cut", "insert", "delete", "tail", "any")[
        number % 10
    ]
    places = {
        "header": (4, HEADER_END),
        "filters": (HEADER_END, VOCABULARY_AT),
        "vocabulary": (VOCABULARY_AT, tensors_at),
        "tensor": (tensors_at, tensors_at + 48),
        "weights": (tensors_at + 48, len(bad)),
    }
    low, high = places.get(kind, (0, len(bad)))
    at = source.randrange(low, high)
    if kind == "cut":
        del bad[at:]
    elif kind == "insert":
        bad[at:at] = source.randbytes(source.randint(1, 16))
    elif kind == "delete":
        del bad[at : at + source.randint(1, 16)]
    elif kind == "tail":
        bad += source.randbytes(source.randint(1, 24))
    else:
        for _ in range(source.randint(1, 4)):
            bad[source.randrange(low, high)] ^= 1 << source.randrange(8)
    return f"{kind} {number}", bytes(bad)
