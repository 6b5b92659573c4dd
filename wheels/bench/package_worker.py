"""Runs inside a wheel's environment: one transcription a line of standard input, its text and times as JSON.

Like smoke_script.py it is handed over by path; build-land does not import it. It serves pywhispercpp 1.5.1 of
the package index too: what is measured is read out of whisper.cpp's own report, which both print.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterable
from typing import Any, Protocol

#: The steps of whisper.cpp's decoder.
DECODING = ("decode", "batchd", "prompt")


class Segment(Protocol):
    """What is read of a segment."""

    text: str


class Model(Protocol):
    """What is used of either package's Model."""

    def transcribe(self, media: object, **options: object) -> Iterable[Segment]:
        """Transcribe samples."""

    def print_timings(self) -> None:
        """Print whisper.cpp's report to standard error."""


def samples(path: str) -> object:
    """The samples of a 16 kHz mono WAV file, as both packages take them."""
    numpy = importlib.import_module("numpy")
    with wave.open(path, "rb") as file:
        data = file.readframes(file.getnframes())
    return numpy.frombuffer(data, dtype=numpy.int16).astype(numpy.float32) / 32768


def written_to_stderr(action: Callable[[], object]) -> str:
    """What an action writes to standard error, be it Python's or C's."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            action()
            sys.stderr.flush()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read().decode(errors="replace")


def reset(model: Model) -> None:
    """Begin the timings anew; 1.5.1 has no method for it."""
    own = getattr(model, "reset_timings", None)
    if own:
        own()
    else:
        context = vars(model)["_ctx"]
        importlib.import_module("_pywhispercpp").whisper_reset_timings(context)


def timings(report: str) -> dict[str, float]:
    """Seconds of each step, how often was encoded, and how often decoding failed, by whisper.cpp's report.

    `decode` is of single tokens, of those of several beams together, and of prompts.
    """
    times = {name: float(ms) / 1000 for name, ms in re.findall(r"(\w+) time = *([\d.]+) ms", report)}
    encodes = re.search(r"encode time = .* ms / *(\d+) runs", report)
    fallbacks = re.search(r"fallbacks = *(\d+) p / *(\d+) h", report)
    if not encodes or not fallbacks or not times.keys() >= {"mel", "sample", *DECODING}:
        raise SystemExit(f"whisper.cpp's report of its timings is not understood:\n{report}")
    return {
        **{name: times[name] for name in ("mel", "encode", "sample")},
        "decode": sum(times[name] for name in DECODING),
        "encodes": int(encodes[1]),
        "fallbacks": int(fallbacks[1]) + int(fallbacks[2]),
    }


class Fallbacks:
    """How often decoding failed, in all; nothing sets whisper.cpp's count back."""

    seen = 0

    @classmethod
    def new(cls, count: int) -> int:
        """How many there are more than last time."""
        before, cls.seen = cls.seen, count
        return count - before


def answer(model: Model, audio: str, options: dict[str, Any]) -> dict[str, Any]:
    """Transcribe once: `text`, `total` seconds, `cpu` seconds of all threads, and what `timings` says."""
    heard = samples(audio)
    reset(model)
    start, busy = time.perf_counter(), time.process_time()
    segments = model.transcribe(heard, **options)
    total, cpu = time.perf_counter() - start, time.process_time() - busy
    text = " ".join(segment.text.strip() for segment in segments)
    times = timings(written_to_stderr(model.print_timings))
    times["fallbacks"] = Fallbacks.new(int(times["fallbacks"]))
    return {"text": text, "total": total, "cpu": cpu, **times}


def main(settings: str) -> None:
    """Load the model that `settings` (JSON: keywords of Model) describe, then answer every line of input.

    A line is JSON: {"audio": path, "options": keywords of transcribe}. The first line out is what was loaded.
    """
    package = importlib.import_module("pywhispercpp.model")
    model = package.Model(print_progress=False, **json.loads(settings))
    told = getattr(model, "backend_info", None)
    print(json.dumps({"backend": str(told()) if told else ""}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(model, request["audio"], request["options"])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
