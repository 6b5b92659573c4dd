"""What can run a model: one file each, with prepare(), which exports, and load(), for another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Protocol, cast

import numpy as np

from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.models.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.evaluate.setup import Context, Setup

__all__ = ["BACKENDS", "Backend", "Loaded", "Place", "find", "require_made_of"]

#: Names that `backends` and --backend take.
BACKENDS = ("ggml", "openvino", "onnx", "tflite")

#: Samples and a language ("auto" to find it out) -> the text.
Transcribe = Callable[["NDArray[np.float32]", str], str]


@dataclass(frozen=True)
class Place:
    """Where a model is exported from and to.

    Attributes:
        model: the ggml file.
        given: what --exported names, None where nothing is.
        folder: for what is made here; it is gone after the evaluation.
        languages: of the recordings; "auto" for those whose language the model is to find out.
        progress: hears what is made.
    """

    model: Path
    given: Path | None
    folder: Path
    languages: tuple[str, ...]
    progress: Progress


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to hear, and what the backend says of itself."""

    transcribe: Transcribe
    facts: dict[str, Any] = field(default_factory=dict)


class Backend(Protocol):
    """What each file of this folder has."""

    def prepare(self, place: Place, context: Context) -> str:
        """Make sure that the model is there in the backend's format; return where, or raise why not."""

    def load(self, setup: Setup) -> Loaded:
        """Load it."""


def require_made_of(model: Path, facts: Mapping[str, str], where: Path) -> None:
    """Raise ModelError unless an export, which says what it was made of, is of this model."""
    from pywhispercpp.models.export.terms import model_facts

    if facts.get("model_sha256") != model_facts(model)["model_sha256"]:
        raise ModelError(f"{where} was made of {facts.get('model')}, and {model} is another file")


def find(name: str) -> Backend:
    """The backend of a name. Raises OptionError."""
    if name not in BACKENDS:
        raise OptionError(f"backend={name!r}: one of {', '.join(BACKENDS)} is needed")
    return cast("Backend", import_module(f"{__name__}.{name}"))
