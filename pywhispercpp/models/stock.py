"""What is in the folder of models, and what could be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp import openvino_ir
from pywhispercpp.models.ggml_file import has_magic
from pywhispercpp.models.part_file import part_beside
from pywhispercpp.models.paths import default_models_dir, find_local, model_path, name_of
from pywhispercpp.models.registry import MODELS, PublishedModel

__all__ = ["ModelState", "list_models"]


@dataclass(frozen=True)
class ModelState:
    """One model: a published one, here or not, or one of the user's own.

    Attributes:
        name: what commands and `Model()` take.
        path: where its file is or would be.
        size: bytes of the file; of the published one where it is not here.
        on_disk: bytes of the file that is here, None for none.
        unfinished: bytes of a download that was broken off, None for none.
        published: the entry of `MODELS`, None for a model of the user's own.
        openvino: the OpenVINO IR of its encoder, None where none lies beside it.
    """

    name: str
    path: Path
    size: int
    on_disk: int | None
    unfinished: int | None
    published: PublishedModel | None
    openvino: Path | None

    @property
    def state(self) -> str:
        """`here`, `unfinished`, `available`; or `different`, for a file without the published one's size."""
        if self.on_disk is None:
            return "available" if self.unfinished is None else "unfinished"
        return "here" if self.published is None or self.on_disk == self.published.size else "different"


def list_models(models_dir: str | os.PathLike[str] | None = None) -> list[ModelState]:
    """All published models, then the others in `models_dir` (default: `default_models_dir()`).

    Files are not read, but for the first bytes of those that are no published ones. Raises nothing for a
    folder that is not there.
    """
    published = [_published(model, models_dir) for model in MODELS.values()]
    taken = {state.path for state in published if state.on_disk is not None}
    return [*published, *(_own(path) for path in _models_in(models_dir) if path not in taken)]


def _published(model: PublishedModel, models_dir: str | os.PathLike[str] | None) -> ModelState:
    path = find_local(model.name, models_dir) or model_path(model.name, models_dir)
    on_disk = _size(path)
    return ModelState(
        name=model.name,
        path=path,
        size=model.size if on_disk is None else on_disk,
        on_disk=on_disk,
        unfinished=_size(part_beside(path)),
        published=model,
        openvino=_openvino(path),
    )


def _own(path: Path) -> ModelState:
    size = path.stat().st_size
    return ModelState(name_of(path), path, size, size, _size(part_beside(path)), None, _openvino(path))


def _models_in(models_dir: str | os.PathLike[str] | None) -> Iterator[Path]:
    """The ggml files of the folder: by their first bytes, since an IR's weights end in .bin too."""
    folder = default_models_dir() if models_dir is None else Path(models_dir)
    for path in sorted(folder.glob("*.bin")):
        try:
            if path.is_file() and has_magic(path):
                yield path
        except OSError:  # a file that may not be read is nobody's model
            continue


def _openvino(path: Path) -> Path | None:
    beside = openvino_ir.path_beside(path)
    return beside if beside.is_file() else None


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
