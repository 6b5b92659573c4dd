"""Nine threads over one model, each doing something else: what runs under ThreadSanitizer.

Run as a script, with the instrumented package on the path: `python threads_script.py speech.wav`.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pywhispercpp import Model, audio, logs
from pywhispercpp.errors import ModelError
from pywhispercpp.vad import Vad

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

# Little work, and every step of it: instrumented code is some twenty times slower.
LITTLE: dict[str, Any] = {
    "audio_ctx": 64,
    "max_tokens": 3,
    "single_segment": True,
    "temperature_inc": 0.0,
    "temperature": 0.0,
    "strategy": "greedy",
    "token_timestamps": False,
    "grammar": None,
    "vad": False,
}
SECONDS = 1.2
TURNS = 3
PATIENCE = 600  # seconds; threads that wait for each other wait for ever


class Work:
    """What the threads do: every public method is one thread's, again and again."""

    def __init__(self, model: Model, speech: Samples) -> None:
        """All of them share the model, the VAD and the samples."""
        self._model, self._speech, self._vad = model, speech, Vad()

    def with_callbacks(self) -> None:
        """Segments and progress arrive, and the abort callback is asked."""
        seen: list[object] = []
        self._model.transcribe(
            self._speech, None, seen.append, lambda: False, progress_callback=seen.append, **LITTLE
        )

    def by_grammar(self) -> None:
        """Search with beams for what a grammar allows, with times of tokens."""
        beams = {"strategy": "beam_search", "beam_search": {"beam_size": 2}, "token_timestamps": True}
        self._model.transcribe(self._speech, **{**LITTLE, **beams, "grammar": "root ::= [A-Za-z ,.]+"})

    def stopped(self) -> None:
        """Stop a transcription at once."""
        self._model.transcribe(self._speech, abort_callback=lambda: True, **LITTLE)

    def failing(self) -> None:
        """Raise in a callback."""

        def fail(segment: object) -> None:
            raise ValueError("on purpose")

        try:
            self._model.transcribe(self._speech, None, fail, **LITTLE)
        except ValueError:
            return

    def streamed(self) -> None:
        """Take one segment of a stream and close it."""
        stream = self._model.stream(self._speech, **LITTLE)
        next(stream, None)
        stream.close()  # type: ignore[attr-defined]

    def in_two_shares(self) -> None:
        """Work on two parts of the audio side by side."""
        self._model.transcribe(self._speech, 2, **LITTLE)

    def with_candidates(self) -> None:
        """Decode several candidates at once, each filtered in Python."""
        options = {**LITTLE, "temperature": 0.5, "greedy": {"best_of": 3}}
        self._model.transcribe(self._speech, logits_filter_callback=lambda tokens, logits: None, **options)

    def speech_only(self) -> None:
        """Cut out the speech first, and ask a shared VAD."""
        self._model.transcribe(self._speech, **{**LITTLE, "vad": True})
        self._vad.probabilities(self._speech)
        self._vad.reset()

    def asking(self) -> None:
        """Ask for everything that can be asked while others work, and log it."""
        with logs.copied_to(io.StringIO()):
            self._model.encode(self._speech, 64, 1)
            self._model.get_params()
            self._model.timings()
            self._model.reset_timings()


def repeat(work: Callable[[], None], start: threading.Barrier, failures: list[str]) -> None:
    """One thread's life."""
    start.wait()
    for _ in range(TURNS):
        try:
            work()
        except Exception as error:
            failures.append(f"{work.__name__}: {type(error).__name__}: {error}")
            return


def transcribe_or_be_refused(model: Model, speech: Samples) -> None:
    """Transcribe with a model that is being closed."""
    with contextlib.suppress(ModelError):
        model.transcribe(speech, **LITTLE)


def run(speech: Samples) -> list[str]:
    """All at once, then close the model while one more thread still transcribes; return what failed."""
    failures: list[str] = []
    with Model("tiny.en", n_threads=2, n_sessions=4) as model:
        work = Work(model, speech)
        tasks = [getattr(work, name) for name in vars(Work) if not name.startswith("_")]
        start = threading.Barrier(len(tasks))
        threads = [
            threading.Thread(target=repeat, args=(task, start, failures), daemon=True) for task in tasks
        ]
        for thread in threads:
            thread.start()
        for thread, task in zip(threads, tasks):
            thread.join(PATIENCE)
            if thread.is_alive():
                failures.append(f"{task.__name__}: not done after {PATIENCE} s")
        last = threading.Thread(target=transcribe_or_be_refused, args=(model, speech))
        last.start()
    last.join()  # it has its turn before the model is closed, or finds it closed
    return failures


def main() -> int:
    """Say what each thread did; 1 when one failed."""
    logger = logging.getLogger("pywhispercpp")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    samples = audio.load(sys.argv[1])[: int(SECONDS * audio.SAMPLE_RATE)]
    failures = run(samples)
    print("\n".join(failures) or "all threads are done", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
