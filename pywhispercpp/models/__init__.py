"""Models: which are published, where they are kept, how they get here. Light to import."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp.errors import ModelError, ModelNotFoundError, PywhispercppError
from pywhispercpp.models.paths import as_path, default_models_dir, find_local, model_path
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import MODELS, PublishedModel

if TYPE_CHECKING:
    from pywhispercpp.models.convert import convert_model as convert_model
    from pywhispercpp.models.download import download as download_model
    from pywhispercpp.models.inspection import ModelReport as ModelReport
    from pywhispercpp.models.inspection import TensorReport as TensorReport
    from pywhispercpp.models.inspection import TypeTotal as TypeTotal
    from pywhispercpp.models.inspection import inspect as inspect
    from pywhispercpp.models.quantize import quantize as quantize_model
    from pywhispercpp.models.remove import RemovedModel as RemovedModel
    from pywhispercpp.models.remove import remove_model as remove_model
    from pywhispercpp.models.stock import ModelState as ModelState
    from pywhispercpp.models.stock import list_models as list_models
    from pywhispercpp.models.vad import vad_model as vad_model
    from pywhispercpp.models.verify import VerifiedModel as VerifiedModel
    from pywhispercpp.models.verify import verify_model as verify_model

__all__ = [
    "MODELS",
    "ModelReport",
    "ModelState",
    "Progress",
    "PublishedModel",
    "RemovedModel",
    "TensorReport",
    "TypeTotal",
    "VerifiedModel",
    "convert_model",
    "default_models_dir",
    "download_model",
    "find_local",
    "inspect",
    "list_models",
    "model_path",
    "quantize_model",
    "remove_model",
    "resolve_model",
    "vad_model",
    "verify_model",
]

# What needs more than a table of names is imported when somebody asks for it: name -> module, name there.
_LATER = {
    "ModelReport": ("inspection", "ModelReport"),
    "ModelState": ("stock", "ModelState"),
    "RemovedModel": ("remove", "RemovedModel"),
    "TensorReport": ("inspection", "TensorReport"),
    "TypeTotal": ("inspection", "TypeTotal"),
    "VerifiedModel": ("verify", "VerifiedModel"),
    "convert_model": ("convert", "convert_model"),
    "download_model": ("download", "download"),
    "inspect": ("inspection", "inspect"),
    "list_models": ("stock", "list_models"),
    "quantize_model": ("quantize", "quantize"),
    "remove_model": ("remove", "remove_model"),
    "vad_model": ("vad", "vad_model"),
    "verify_model": ("verify", "verify_model"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import what was asked for (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, function = _LATER[name]
    return getattr(import_module(f"{__name__}.{module}"), function)


def __dir__() -> list[str]:
    """All names, those too that nobody has asked for yet."""
    return sorted({*globals(), *_LATER})


def resolve_model(
    name_or_path: str | os.PathLike[str],
    models_dir: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Path of a Whisper model: a path is taken as it is, a published name is downloaded when missing.

    Looked for in this order: the path itself; the name, `name.bin` and `ggml-name.bin` in `models_dir`
    (default: `default_models_dir()`); the published models. The file's content is not checked here. Raises
    ModelNotFoundError, which names the published models, DownloadError, and ModelError for a VAD model's
    name.
    """
    path = as_path("model", name_or_path)
    try:
        found = path if path.is_file() else _local(os.fsdecode(name_or_path), path, models_dir)
    except PywhispercppError:
        raise
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ModelNotFoundError(f"{path}: there is no such model: {error.strerror}") from error
    return found or __getattr__("download_model")(os.fsdecode(name_or_path), models_dir, progress=progress)


def _local(name: str, path: Path, models_dir: str | os.PathLike[str] | None) -> Path | None:
    """What there is by that name on this machine; None for a model that can only be downloaded."""
    if name in MODELS and not MODELS[name].is_whisper:
        raise ModelError(
            f"{name} tells speech from silence and writes no text: name a Whisper model, such as base.en, "
            "and transcribe with vad=True"
        )
    local = find_local(name, models_dir)
    if local is None and name not in MODELS:
        if path.exists():
            return path  # a directory or a device: the check of its content says what is wrong with it
        if os.sep in name or path.suffix == ".bin":
            raise ModelNotFoundError(f"{name}: no such model file")
    return local
