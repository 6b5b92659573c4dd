"""Models: which are published, where they are kept, how they get here. Light to import."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp.errors import ModelError, ModelNotFoundError, PywhispercppError
from pywhispercpp.models.paths import as_path, default_models_dir, find_local, model_path
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import MODELS, VAD, PublishedModel
from pywhispercpp.models.vad import vad_model

__all__ = [
    "MODELS",
    "Progress",
    "PublishedModel",
    "convert_model",
    "default_models_dir",
    "download_model",
    "find_local",
    "model_path",
    "resolve_model",
    "vad_model",
]


def resolve_model(
    name_or_path: str | os.PathLike[str],
    models_dir: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Path of a Whisper model: a path is taken as it is, a published name is downloaded when missing.

    Looked for in this order: the path itself; the name, `name.bin` and `ggml-name.bin` in `models_dir`
    (default: `default_models_dir()`); the published models. The file's content is not checked here. Raises
    ModelNotFoundError, which names the published models, DownloadError, and ModelError for the VAD model's
    name.
    """
    path = as_path("model", name_or_path)
    try:
        found = path if path.is_file() else _local(os.fsdecode(name_or_path), path, models_dir)
    except PywhispercppError:
        raise
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ModelNotFoundError(f"{path}: there is no such model: {error.strerror}") from error
    return found or download_model(os.fsdecode(name_or_path), models_dir, progress=progress)


def _local(name: str, path: Path, models_dir: str | os.PathLike[str] | None) -> Path | None:
    """What there is by that name on this machine; None for a model that can only be downloaded."""
    if name == VAD:
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


def download_model(
    name: str, models_dir: str | os.PathLike[str] | None = None, *, progress: Progress | None = None
) -> Path:
    """Download a published model, verified; see `pywhispercpp.models.download.download`."""
    from pywhispercpp.models.download import download  # here: importing models costs no HTTP client

    return download(name, models_dir, progress=progress)


def convert_model(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    dtype: str = "f16",
    assets: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Make a ggml file of somebody's weights; see `pywhispercpp.models.convert.convert_model`."""
    from pywhispercpp.models import convert  # here: as above

    return convert.convert_model(source, target, dtype=dtype, assets=assets, progress=progress)
