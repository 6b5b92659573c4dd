"""Models: which are published, where they are kept, how they get here. Light to import."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp.errors import ModelNotFoundError
from pywhispercpp.models.paths import default_models_dir, model_path
from pywhispercpp.models.progress import Progress
from pywhispercpp.models.registry import MODELS, PublishedModel

__all__ = [
    "MODELS",
    "Progress",
    "PublishedModel",
    "default_models_dir",
    "download_model",
    "find_local",
    "model_path",
    "resolve_model",
]


def resolve_model(
    name_or_path: str | os.PathLike[str],
    models_dir: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Path of a model file: a path is taken as it is, a published name is downloaded when missing.

    Looked for in this order: the path itself; the name, `name.bin` and `ggml-name.bin` in `models_dir`
    (default: `default_models_dir()`); the published models. The file's content is not checked here. Raises
    ModelNotFoundError, which names the published models, and DownloadError.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    name = os.fspath(name_or_path)
    local = find_local(name, models_dir)
    if local is not None:
        return local
    if name not in MODELS and path.exists():
        return path  # a directory or a device: the check of its content says what is wrong with it
    if name not in MODELS and (os.sep in name or path.suffix == ".bin"):
        raise ModelNotFoundError(f"{name}: no such model file")
    return download_model(name, models_dir, progress=progress)


def find_local(name: str, models_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """The file of that name that is already in the folder, if any."""
    published = model_path(name, models_dir)
    candidates = (published.parent / name, published.parent / f"{name}.bin", published)
    return next((file for file in candidates if file.is_file()), None)


def download_model(
    name: str, models_dir: str | os.PathLike[str] | None = None, *, progress: Progress | None = None
) -> Path:
    """Download a published model, verified; see `pywhispercpp.models.download.download`."""
    from pywhispercpp.models.download import download  # here: importing models costs no HTTP client

    return download(name, models_dir, progress=progress)
