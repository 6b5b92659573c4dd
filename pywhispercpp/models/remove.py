"""Takes a model out of the folder of models, with what belongs to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp import openvino_ir
from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.part_file import in_use, part_beside
from pywhispercpp.models.paths import default_models_dir, find_local, model_path
from pywhispercpp.models.registry import MODELS

__all__ = ["RemovedModel", "remove_model"]


@dataclass(frozen=True)
class RemovedModel:
    """What was removed, or would be.

    Attributes:
        name: as it was given.
        files: the model last; before it the OpenVINO IR of its encoder and a download that was broken off.
        size: bytes of all of them.
    """

    name: str
    files: tuple[Path, ...]
    size: int


def remove_model(
    name: str, models_dir: str | os.PathLike[str] | None = None, *, dry_run: bool = False
) -> RemovedModel:
    """Remove the model `name` from `models_dir` (default: `default_models_dir()`).

    dry_run: remove nothing. Raises ModelNotFoundError where nothing of that name is here, and ModelError for
    what lies elsewhere, is no model, is being downloaded now, or cannot be removed.
    """
    folder = default_models_dir() if models_dir is None else Path(models_dir)
    try:
        model = find_local(name, folder) or model_path(name, folder)
        files = _files(model)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ModelNotFoundError(f"{name}: there is no such model: {error.strerror}") from error
    if not files:
        raise ModelNotFoundError(f"{name}: nothing of it is in {folder}")
    _refuse_what_is_not_ours(model, folder)
    removed = RemovedModel(name, files, sum(file.lstat().st_size for file in files))
    if not dry_run:
        for file in files:
            _unlink(file)
    return removed


def _files(model: Path) -> tuple[Path, ...]:
    """The files of a model that are there; the model last, so that it is whole as long as it is there."""
    ir = openvino_ir.path_beside(model)
    candidates = (ir, ir.with_suffix(".bin"), part_beside(model), model)
    return tuple(file for file in candidates if file.is_file() or file.is_symlink())


def _refuse_what_is_not_ours(model: Path, folder: Path) -> None:
    if model.parent.resolve() != folder.resolve():
        raise ModelError(f"{model}: not in the folder of models, {folder}; nothing was removed")
    published = model.name in {known.file_name for known in MODELS.values()}
    if not published and model.is_file() and not ggml_file.has_magic(model):
        raise ModelError(f"{model}: this is no ggml model; nothing was removed")
    if in_use(part_beside(model)):
        raise ModelError(f"{model}: another process is downloading it now; nothing was removed")


def _unlink(file: Path) -> None:
    try:
        file.unlink()
    except OSError as error:
        raise ModelError(f"{file}: cannot be removed: {error.strerror or error}") from error
