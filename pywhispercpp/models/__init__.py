"""Models: which are published, where they are kept, how they get here. Light to import."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models.paths import default_models_dir, find_local, model_path
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import MODELS, VAD, PublishedModel
from pywhispercpp.models.vad import vad_model

__all__ = [
    "MODELS",
    "Progress",
    "PublishedModel",
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
    path = Path(name_or_path)
    if path.is_file():
        return path
    name = os.fspath(name_or_path)
    if name == VAD:
        raise ModelError(
            f"{name} tells speech from silence and writes no text: name a Whisper model, such as base.en, "
            "and transcribe with vad=True"
        )
    local = find_local(name, models_dir)
    if local is not None:
        return local
    if name not in MODELS and path.exists():
        return path  # a directory or a device: the check of its content says what is wrong with it
    if name not in MODELS and (os.sep in name or path.suffix == ".bin"):
        raise ModelNotFoundError(f"{name}: no such model file")
    return download_model(name, models_dir, progress=progress)


def download_model(
    name: str, models_dir: str | os.PathLike[str] | None = None, *, progress: Progress | None = None
) -> Path:
    """Download a published model, verified; see `pywhispercpp.models.download.download`."""
    from pywhispercpp.models.download import download  # here: importing models costs no HTTP client

    return download(name, models_dir, progress=progress)
