"""Is a model file what it should be: a published one by its hash, any other by its structure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp import vad_file
from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.hashes import digest
from pywhispercpp.models.paths import existing
from pywhispercpp.models.registry import MODELS, PublishedModel

__all__ = ["VerifiedModel", "verify_model"]


@dataclass(frozen=True)
class VerifiedModel:
    """A model file that is good.

    Attributes:
        path: the file.
        size: its bytes.
        published: the name of the published model that it is, by its hash; empty for another one, whose
            structure alone was looked at: its weights can be anything.
        words: what it is, in words.
    """

    path: Path
    size: int
    published: str
    words: str


def verify_model(
    name_or_path: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None = None
) -> VerifiedModel:
    """Read a model that is here from end to end.

    name_or_path: a file, or the name of one in `models_dir` (default: `default_models_dir()`). A file that is
    called like a published model must be that model. Raises ModelNotFoundError where there is none, and
    ModelError, which says what is wrong with it and what to do.
    """
    found = existing(name_or_path, models_dir)
    if found is None:
        raise ModelNotFoundError(
            f"{os.fsdecode(name_or_path)}: there is no such file, and no such model in the folder of models"
        )
    published = next((model for model in MODELS.values() if model.file_name == found.name), None)
    try:
        return _verified(found, published)
    except OSError as error:
        raise ModelError(f"{found}: cannot be read: {error.strerror or error}") from error


def _verified(path: Path, published: PublishedModel | None) -> VerifiedModel:
    size = path.stat().st_size
    if published is None:
        return VerifiedModel(path, size, "", f"{_structure(path)}; not a published file, so no hash to check")
    algorithm = published.hash.partition(":")[0]
    got = digest(path, algorithm) if size == published.size else f"{size} bytes"
    if got == published.hash:
        return VerifiedModel(
            path, size, published.name, f"the published {published.name}, by its {algorithm}"
        )
    expected = published.hash if size == published.size else f"{published.size} bytes"
    raise ModelError(
        f"{path}: not the published {published.name}: {got}, expected {expected}. {_otherwise(path)}, or get "
        f"the published one in its place: pywhispercpp models download {published.name}"
    )


def _otherwise(path: Path) -> str:
    """What a file with the wrong hash is."""
    try:
        words = _structure(path)
    except ModelError as error:
        return f"It is damaged ({_reason(path, error)}): delete it"
    return f"Its structure is that of {words}: where it was made here, give it a name of its own"


def _reason(path: Path, error: ModelError) -> str:
    """What is wrong, without the name of the file before it and the advice after it."""
    return str(error).replace(f"{path}: ", "", 1).partition(". The file is")[0]


def _structure(path: Path) -> str:
    """What a whole file is, in words; ModelError for what is damaged or no model."""
    with path.open("rb") as file:
        head = file.read(14)
    if head[:4] == ggml_file.MAGIC and head[8:14] == b"silero":
        vad_file.check(path)
        return "a whole Silero VAD model"
    header = ggml_file.check(path)
    language = "multilingual" if header.multilingual else "English only"
    return f"a whole Whisper model ({header.size}, {language}, {header.weight_type.name})"
