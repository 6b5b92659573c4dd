"""Many threads over one model, each doing something else: what runs under ThreadSanitizer.

Run as a script, with the instrumented package on the path: `python threads.py speech.wav model.bin vad.bin`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp import Model, audio
from pywhispercpp.errors import PywhispercppError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

# Little work, and every step of it: instrumented code is some twenty times slower.
LITTLE: dict[str, Any] = {"audio_ctx": 128, "max_tokens": 4, "single_segment": True, "temperature_inc": 0.0}
TURNS = 2


class Heard:
    """What the threads found out; the lock is Python's."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.done: list[str] = []


def work_of(model: Model, speech: Samples, vad: Path) -> dict[str, Callable[[], object]]:
    """Name -> what one thread does, again and again."""

    def with_callbacks() -> None:
        seen: list[object] = []
        model.transcribe(speech, None, seen.append, lambda: False, progress_callback=seen.append, **LITTLE)

    def stopped() -> None:
        model.transcribe(speech, abort_callback=lambda: True, **LITTLE)

    def failing() -> None:
        def fail(segment: object) -> None:
            raise ValueError("on purpose")

        try:
            model.transcribe(speech, None, fail, **LITTLE)
        except ValueError:
            return

    def streamed() -> None:
        for number, _ in enumerate(model.stream(speech, **LITTLE)):
            if number == 0:
                break

    def several() -> None:
        model.transcribe(speech, 2, **LITTLE)

    def with_candidates() -> None:
        options = {**LITTLE, "temperature": 0.5, "best_of": 2}
        model.transcribe(speech, logits_filter_callback=lambda logits, tokens: None, **options)

    def with_vad() -> None:
        model.transcribe(speech, vad=True, vad_model_path=vad, **LITTLE)

    def asking() -> None:
        model.encode(speech, 64, 1)
        model.get_params()
        model.timings()
        model.reset_timings()
        model.print_timings()
        logging.getLogger("pywhispercpp").setLevel(logging.DEBUG)

    return {function.__name__: function for function in locals().values() if callable(function)}
