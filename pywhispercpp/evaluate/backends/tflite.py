"""An exported TFLite file by LiteRT: the one that is given, or one made here for each context."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.errors import BackendError, OptionError
from pywhispercpp.evaluate.backends import Loaded, Place, require_made_of
from pywhispercpp.evaluate.backends.onnx import seconds
from pywhispercpp.extras import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pywhispercpp.evaluate.setup import Context, Setup

__all__ = ["load", "prepare"]


def prepare(place: Place, context: Context) -> str:
    """Return the path of the file; export one, which writes one language, where none is given."""
    require("ai_edge_litert.interpreter", "tflite", "running a TFLite file")
    audio_seconds = seconds(context, "a TFLite file")
    if len(place.languages) != 1 or "auto" in place.languages:
        found = ", ".join(place.languages)
        raise OptionError(f"language={found}: a TFLite file is made for one language; give --language")
    if place.given is not None:
        from pywhispercpp.models.export.tflite.metadata import Metadata

        file = _given(place.given)
        require_made_of(place.model, Metadata(file).facts, file)
        return str(file)
    from pywhispercpp.models.export import export_tflite

    target = place.folder / f"{place.model.stem}-{context}.tflite"
    (language,) = place.languages
    made = export_tflite(
        place.model, language=language, audio_seconds=audio_seconds, output=target, progress=place.progress
    )
    return str(made)


def _given(given: Path) -> Path:
    found = sorted(given.glob("*.tflite")) if given.is_dir() else [given]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BackendError(f"{given}: one .tflite file is needed, there is: {names}; give the file itself")
    return found[0]


def load(setup: Setup) -> Loaded:
    """Load the file."""
    from pywhispercpp.models.export.tflite.runner import Runner

    runner = Runner(Path(setup.exported), setup.n_threads)

    def transcribe(samples: NDArray[np.float32], language: str) -> str:
        return runner.transcribe(samples, language)

    facts = {"version": version("ai-edge-litert"), "audio_seconds": runner.audio_seconds}
    return Loaded(transcribe, {**facts, "weights": runner.facts["weights"]})
