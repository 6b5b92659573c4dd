"""whisper.cpp with OpenVINO's encoder: the IR beside the model, one that is given, or one made here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp import openvino_ir
from pywhispercpp.errors import BackendError
from pywhispercpp.evaluate.backends import Loaded, Place, ggml

if TYPE_CHECKING:
    from pywhispercpp.evaluate.setup import Context, Setup

__all__ = ["load", "prepare"]


def prepare(place: Place, context: Context) -> str:
    """Return the path of the IR; export one, which serves every context, where none is there."""
    beside = openvino_ir.path_beside(place.model)
    if place.given is not None:
        return str(_given(place.given, beside.name))
    if beside.is_file():
        return str(beside)
    made = place.folder / beside.name
    if not made.is_file():
        from pywhispercpp.models.export import export_openvino

        place.progress.note(f"there is no IR at {beside}: one is made for this evaluation")
        export_openvino(place.model, output=made, progress=place.progress)
    return str(made)


def _given(given: Path, name: str) -> Path:
    path = given / name if given.is_dir() else given
    if not path.is_file():
        raise BackendError(f"there is no IR of the encoder at {path}; leave --exported out and one is made")
    return path


def load(setup: Setup) -> Loaded:
    """Load the ggml file, and the IR for its encoder."""
    return ggml.loaded(setup, backend="openvino", openvino_model_path=setup.exported)
