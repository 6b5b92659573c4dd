"""Runs inside faster-whisper's environment: one transcription a line of input, as package_worker.py does."""

from __future__ import annotations

import importlib
import json
import sys
import time
import wave
from collections.abc import Iterable
from typing import Any, Protocol


class Segment(Protocol):
    """What is read of a segment."""

    text: str


class Model(Protocol):
    """What is used of a WhisperModel."""

    def transcribe(self, audio: object, **options: object) -> tuple[Iterable[Segment], object]:
        """Transcribe samples, while one asks for the segments."""


def samples(path: str) -> object:
    """The samples of a 16 kHz mono WAV file."""
    numpy = importlib.import_module("numpy")
    with wave.open(path, "rb") as file:
        data = file.readframes(file.getnframes())
    return numpy.frombuffer(data, dtype=numpy.int16).astype(numpy.float32) / 32768


def answer(model: Model, audio: str, options: dict[str, Any]) -> dict[str, Any]:
    """Transcribe once: `text`, `total` seconds, and `cpu` seconds of all threads."""
    heard = samples(audio)
    start, busy = time.perf_counter(), time.process_time()
    segments, _ = model.transcribe(heard, **options)
    text = " ".join(segment.text.strip() for segment in segments)  # they come while one asks for them
    return {"text": text, "total": time.perf_counter() - start, "cpu": time.process_time() - busy}


def main(settings: str) -> None:
    """Load the model of `settings` (JSON: keywords of WhisperModel), then answer every line of input."""
    package = importlib.import_module("faster_whisper")
    model = package.WhisperModel(**json.loads(settings))
    print(json.dumps({"backend": f"faster-whisper {package.__version__}"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(model, request["audio"], request["options"])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
