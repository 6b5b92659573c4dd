"""Sixty damaged copies of a real model: each is refused in words or transcribes; no process dies."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = 60
HEADER_END = 48
VOCABULARY_AT = HEADER_END + 8 + 4 * 80 * 201
LIMIT = 60.0  # seconds for one file

# 4 GiB of address space: a loader that believes a wrong size fails instead of filling the machine.
WORKER = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
import numpy as np
from pywhispercpp import Model
from pywhispercpp.errors import PywhispercppError
sound = np.sin(np.arange(32000, dtype=np.float32) / 12)
quick = dict(max_tokens=8, temperature_inc=0.0, single_segment=True, audio_ctx=128)
print("ready", flush=True)
for line in sys.stdin:
    try:
        Model(line.strip(), n_threads=1).transcribe(sound, **quick)
        print("transcribed", flush=True)
    except PywhispercppError as error:
        print("refused", type(error).__name__, str(error).replace("\\n", " "), flush=True)
"""


def damaged(good: bytes, number: int) -> tuple[str, bytes]:
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


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def ask(worker: subprocess.Popen[str], path: Path) -> str:
    """The worker's answer; empty when it died or had to be stopped."""
    assert worker.stdin is not None and worker.stdout is not None
    alarm = threading.Timer(LIMIT, worker.kill)
    alarm.start()
    worker.stdin.write(f"{path}\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    alarm.cancel()
    return answer


def test_damaged_models_never_take_the_process_down(
    worker: subprocess.Popen[str], tiny_en: Path, tmp_path: Path
) -> None:
    good = tiny_en.read_bytes()
    path = tmp_path / "ggml-damaged.bin"
    answers = []
    for number in range(FILES):
        what, data = damaged(good, number)
        path.write_bytes(data)
        answer = ask(worker, path)
        assert answer, f"the process ended with {worker.wait()} or hung on: {what}"
        assert answer == "transcribed\n" or (
            answer.startswith("refused ModelError") and str(path) in answer
        ), what
        answers.append(answer.split()[0])
    path.unlink()
    assert answers.count("refused") >= 20
    assert answers.count("transcribed") >= 10
