"""The process of one setup: loads the model, then answers recordings. Its memory is the setup's own.

It is told the setup, as JSON, by its argument. It answers in lines of JSON: {"load_s", "facts"} first, then
for each recording {"text", "seconds", "cpu_s", "peak_bytes"}, or {"error"}. A recording is a line
{"samples": n, "language": code} and n float32 numbers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, BinaryIO

import numpy as np

from pywhispercpp.decode import SAMPLE_RATE
from pywhispercpp.errors import PywhispercppError
from pywhispercpp.evaluate import backends
from pywhispercpp.evaluate.memory import peak_bytes
from pywhispercpp.evaluate.setup import Setup

__all__ = ["main"]

_WARMING = 1.0  # seconds of faint noise that nobody measures


def main(setup: str) -> None:
    """Serve one setup until standard input ends."""
    requests, answers = sys.stdin.buffer, _answers()
    try:
        start = time.perf_counter()
        loaded = backends.find((one := Setup(**json.loads(setup))).backend).load(one)
        load_s = time.perf_counter() - start
        noise = np.random.default_rng(0).standard_normal(round(_WARMING * SAMPLE_RATE)).astype(np.float32)
        loaded.transcribe(1e-3 * noise, "en")
    except (PywhispercppError, RuntimeError, ImportError, OSError) as error:
        _tell(answers, {"error": _words(error)})
        return
    _tell(answers, {"load_s": load_s, "facts": loaded.facts, "peak_bytes": peak_bytes()})
    for line in requests:
        _tell(answers, _answer(loaded.transcribe, requests, json.loads(line)))


def _answers() -> BinaryIO:
    """Where the answers go; what a library prints goes to standard error and does not get between them."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return answers


def _tell(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")


def _answer(transcribe: backends.Transcribe, requests: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    samples = np.frombuffer(requests.read(4 * request["samples"]), np.float32)
    try:
        start, busy = time.perf_counter(), time.process_time()
        text = transcribe(samples, request["language"])
        seconds, cpu_s = time.perf_counter() - start, time.process_time() - busy
    except (PywhispercppError, RuntimeError, ValueError, MemoryError) as error:
        return {"error": _words(error), "peak_bytes": peak_bytes()}
    return {"text": text.strip(), "seconds": seconds, "cpu_s": cpu_s, "peak_bytes": peak_bytes()}


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, PywhispercppError) else f"{type(error).__name__}: {text}"
