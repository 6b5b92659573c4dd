"""whisper.cpp itself: encoder and decoder by ggml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pywhispercpp.evaluate.backends import Loaded, Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pywhispercpp.evaluate.setup import Context, Setup

__all__ = ["GREEDY", "load", "loaded", "prepare"]

#: All backends decode alike: the likeliest token each time, no second try, no text of earlier windows.
GREEDY: dict[str, Any] = {"strategy": "greedy", "temperature_inc": 0.0, "n_max_text_ctx": 0}


def prepare(place: Place, context: Context) -> str:
    """Nothing: the ggml file is all."""
    return ""


def load(setup: Setup) -> Loaded:
    """Load the ggml file."""
    return loaded(setup, backend="ggml")


def loaded(setup: Setup, **how: Any) -> Loaded:  # noqa: ANN401 - keywords of Model
    """A Model with these keywords, as the evaluation takes it."""
    from pywhispercpp import Model

    model = Model(setup.model, n_threads=setup.n_threads, n_sessions=1, **how)

    def transcribe(samples: NDArray[np.float32], language: str) -> str:
        return model.transcribe(samples, language=language, audio_ctx=setup.audio_context, **GREEDY).text

    info = model.backend_info()
    facts = {"variant": info.cpu.variant, "precision": info.precision, "version": info.version, "ir": info.ir}
    return Loaded(transcribe, {name: value for name, value in facts.items() if value})
