"""Where model files live on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp.errors import ModelNotFoundError, OptionError
from pywhispercpp.models.registry import MODELS

__all__ = ["as_path", "default_models_dir", "existing", "find_local", "model_path", "name_of"]


def as_path(name: str, value: object) -> Path:
    """Return the argument `name`, a str, bytes or os.PathLike, as a path; OptionError for what is none."""
    try:
        return Path(os.fsdecode(value))  # type: ignore[arg-type]
    except Exception as error:  # what an os.PathLike of somebody else raises
        raise OptionError(f"{name}: a path is needed, not {type(value).__name__} ({error})") from error


def default_models_dir() -> Path:
    """`PYWHISPERCPP_MODELS_DIR`, else the folder pywhispercpp 1.5 used, so its downloads are found again."""
    if chosen := os.environ.get("PYWHISPERCPP_MODELS_DIR"):
        return Path(chosen).expanduser()
    from platformdirs import user_data_dir  # here: who names a model's path needs no folder

    return Path(user_data_dir("pywhispercpp")) / "models"


def model_path(name: str, models_dir: str | os.PathLike[str] | None = None) -> Path:
    """The file of the published model `name`, in `models_dir` or the default folder; it need not exist.

    >>> str(model_path("base.en", "models"))
    'models/ggml-base.en.bin'
    """
    folder = default_models_dir() if models_dir is None else as_path("models_dir", models_dir)
    return folder / (MODELS[name].file_name if name in MODELS else f"ggml-{name}.bin")


def name_of(path: Path) -> str:
    """The name by which a file in the folder is found.

    >>> name_of(Path("models/ggml-base.en.bin"))
    'base.en'
    """
    return path.stem[len("ggml-") :] if path.stem.startswith("ggml-") else path.stem


def find_local(name: str, models_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """The file of that name that is already in the folder, if any."""
    published = model_path(name, models_dir)
    candidates = (published.parent / name, published.parent / f"{name}.bin", published)
    return next((file for file in candidates if file.is_file()), None)


def existing(
    name_or_path: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None = None
) -> Path | None:
    """The file at that path, else of that name in the folder, if any.

    Raises ModelNotFoundError for what can be no file's name.
    """
    path = as_path("model", name_or_path)
    try:
        return path if path.is_file() else find_local(os.fsdecode(name_or_path), models_dir)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise ModelNotFoundError(f"{path}: there is no such model: {error.strerror}") from error
