"""Exported ONNX networks by onnxruntime: the folder that is given, or one made here for each context."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.errors import OptionError
from pywhispercpp.evaluate.backends import Loaded, Place, require_made_of
from pywhispercpp.extras import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pywhispercpp.evaluate.setup import Context, Setup
    from pywhispercpp.models.export.emitter import Array

__all__ = ["load", "prepare", "seconds"]


def seconds(context: Context, what: str) -> float:
    """How much sound a network takes that serves a context. Raises OptionError for "auto"."""
    if isinstance(context, str):
        raise OptionError(f"audio_context={context}: {what} takes one length of sound; give a number")
    from pywhispercpp.models.export.terms import STEPS_PER_SECOND

    return context / STEPS_PER_SECOND


def prepare(place: Place, context: Context) -> str:
    """Return the folder of the networks; export them where none is given."""
    require("onnxruntime", "onnx", "running ONNX networks")
    audio_seconds = seconds(context, "an ONNX export")
    if "auto" in place.languages:
        raise OptionError("language=auto: exported networks find no language out; give --language")
    if place.given is not None:
        from pywhispercpp.models.export import device_folder

        require_made_of(place.model, device_folder.read(place.given).facts, place.given)
        return str(place.given)
    from pywhispercpp.models.export import export_onnx

    folder = place.folder / f"onnx-{context}"
    return str(export_onnx(place.model, audio_seconds, output=folder, progress=place.progress))


def load(setup: Setup) -> Loaded:
    """Load the networks."""
    from pywhispercpp.models.export import device_folder
    from pywhispercpp.models.export.onnx.runner import Runner

    folder = Path(setup.exported)
    runner = Runner(folder, setup.n_threads)

    def transcribe(samples: NDArray[np.float32], language: str) -> str:
        heard: Array = samples
        return runner.transcribe(heard, language)

    version = require("onnxruntime", "onnx", "running ONNX networks").__version__
    facts = {"version": version, "audio_seconds": runner.audio_seconds}
    return Loaded(transcribe, {**facts, "weights": device_folder.read(folder).facts["weights"]})
