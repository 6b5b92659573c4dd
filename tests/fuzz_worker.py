"""A process that may die: it does what the fuzz tests ask for and says how each request ended.

Run as `python fuzz_worker.py ANSWERS [MODEL SPEECH]`. Requests come on standard input, one a line, pickled
and in base64; an answer is a line of JSON on the descriptor ANSWERS: [how it ended, details].
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from pywhispercpp import Model, _core, audio, backend_info, models
from pywhispercpp.errors import PywhispercppError
from pywhispercpp.models.convert import sources

MOST_RESIDENT = 1 << 20  # KiB
MEMORY = 6 << 30  # bytes of address space: who believes a wrong size fails instead of filling the machine
SOUND = np.sin(np.arange(32000, dtype=np.float32) / 12)
PATIENCE = 0.5  # seconds until a transcription is stopped


class Script:
    """A file object that answers each call with the next of `answers`; then it is at its end."""

    def __init__(self, answers: list[tuple[str, Any]]) -> None:
        self.answers = answers

    def _next(self, end: object) -> object:
        kind, value = self.answers.pop(0) if self.answers else ("return", end)
        if kind == "raise" and isinstance(value, Exception):
            raise value
        return value

    def read(self, size: int = -1) -> object:
        """Return anything."""
        return self._next(b"")

    def seek(self, offset: int, whence: int = 0) -> object:
        """Return anything."""
        return self._next(0)

    def tell(self) -> object:
        """Return anything."""
        return self._next(0)


def load(content: bytes) -> str:
    """Decode bytes, both ways."""
    with contextlib.suppress(PywhispercppError):
        audio.load_channels(io.BytesIO(content))
    samples = audio.load(content)
    assert samples.dtype == np.float32 and samples.ndim == 1 and samples.size
    assert np.abs(samples).max() <= audio.LOUDEST
    return f"{samples.size} samples"


def load_script(answers: list[tuple[str, Any]]) -> str:
    """Decode what a misbehaving file object gives."""
    return f"{audio.load(Script(answers)).size} samples"  # type: ignore[arg-type]


def weights(path: str) -> str:
    """Open somebody's weights and read every tensor; what is small stays small in memory."""
    with sources.opened(sources.file_of(Path(path))) as found:
        read = sum(found.tensors[name].nbytes for name in found.shapes)
    # Not ru_maxrss: that begins with what the process that started this one had.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0])
    assert peak < MOST_RESIDENT, f"{peak} KiB in memory"
    return f"{read} bytes"


def load_model(path: str) -> str:
    """Let whisper.cpp load a file that nobody has looked at, and compute with it."""
    backend_info()  # loads the code to compute with
    context = _core.Context(path, _core.ContextParams(), 1)
    _core.encode(context, SOUND[:8000], 64, 1)
    context.close()
    return "loaded"


def load_vad(path: str) -> str:
    """Let whisper.cpp load a VAD model that nobody has looked at, and compute with it."""
    backend_info()
    return f"{_core.Vad(path, 1).probabilities(SOUND[:2048]).size} steps"


def hear(path: str) -> str:
    """Transcribe with a model, as everybody does."""
    quick: dict[str, Any] = dict(max_tokens=8, temperature_inc=0.0, single_segment=True, audio_ctx=128)
    return f"{len(Model(path, n_threads=1).transcribe(SOUND, **quick))} segments"


def inspect(content: bytes) -> str:
    """Look into a model file of any kind; an IR's weights are beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        path.write_bytes(content)
        path.with_suffix(".bin").write_bytes(bytes(1000))
        report = models.inspect(path)
    return f"{report.kind}: {json.dumps(report.as_dict())[:1000]}"


class Transcriber:
    """Transcribes a second of speech with any options, each time with a model of the same defaults."""

    def __init__(self, model: str, speech: str) -> None:
        self._model = Model(model, n_threads=1)
        self._speech = audio.load(speech)[: audio.SAMPLE_RATE]
        self._defaults = self._model.get_params()

    def __call__(self, options: dict[str, Any]) -> str:
        """Return how many segments there are."""
        begun = time.monotonic()
        quick = {**self._defaults, "audio_ctx": 64, "n_threads": 1, **options}
        segments = self._model.transcribe(
            self._speech, abort_callback=lambda: time.monotonic() - begun > PATIENCE, **quick
        )
        return f"{len(segments)} segments: {segments.text[:40]!r}"


def main() -> None:
    """Answer until there are no more requests."""
    answers = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    tasks: dict[str, Any] = {
        **{"load": load, "script": load_script, "weights": weights},
        **{"model": load_model, "vad": load_vad, "hear": hear, "inspect": inspect},
    }
    if len(sys.argv) > 2:
        tasks["transcribe"] = Transcriber(*sys.argv[2:])
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        name, argument = pickle.loads(base64.b64decode(line))
        try:
            answer = ["result", tasks[name](argument)]
        except PywhispercppError as error:
            answer = ["refused", f"{type(error).__name__}: {error}"]
        except BaseException:
            answer = ["broken", traceback.format_exc()]
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
