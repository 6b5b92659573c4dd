"""Which file is the VAD model: the caller's own, the one in the models folder, or a download."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp import vad_file
from pywhispercpp.errors import DownloadError, ModelNotFoundError
from pywhispercpp.models.paths import find_local, model_path
from pywhispercpp.models.registry import MODELS, VAD

__all__ = ["vad_model"]

_HOW = "get it where there is a network with: pywhispercpp models download {}"


def vad_model(
    path_or_name: str | bytes | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
) -> Path:
    """Path of a whole Silero VAD model in ggml form.

    path_or_name: a file, or the name of one in `models_dir` (default: `default_models_dir()`); None for the
    newest published one, `silero-vad`. A published one is downloaded when missing, unless not `download`; one
    that is here is taken without a look at the network. Raises ModelNotFoundError, ModelError for a
    file that is something else, and DownloadError.
    """
    name = VAD if path_or_name is None else os.fsdecode(path_or_name)
    file = Path(name)
    if _published(name) or not file.exists():
        file = find_local(name, models_dir) or _fetched(name, models_dir, download)
    vad_file.check(file)
    return file


def _fetched(name: str, models_dir: str | os.PathLike[str] | None, download: bool) -> Path:
    if not _published(name):
        raise ModelNotFoundError(f"{name}: there is no such VAD model; leave it out to take {VAD}")
    if not download:
        raise ModelNotFoundError(
            f"the VAD model {model_path(name, models_dir)} is not here; {_HOW.format(name)}"
        )
    from pywhispercpp.models import download as road  # here: importing models costs no HTTP client

    try:
        return road.download(name, models_dir)
    except DownloadError as error:
        raise DownloadError(
            f"the VAD model is not here and cannot be downloaded; {_HOW.format(name)}\n{error}"
        ) from error


def _published(name: str) -> bool:
    return name in MODELS and not MODELS[name].is_whisper
