"""Catalogue: the models that the service serves, and which of them a request means."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import ggml_file, list_models
from pywhispercpp.models.paths import existing, name_of
from pywhispercpp.models.registry import MODELS
from pywhispercpp.server.settings import Settings

__all__ = ["Catalogue"]

SIZES = ("tiny", "base", "small", "medium", "large")
SMALLEST, BEST = "tiny", "large-v3"
# What clients of OpenAI's service ask for; here it means the model that is served by default.
OPENAI_NAMES = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")


class Catalogue:
    """The default model, and those in the folder of models that are not larger than MAX_MODEL.

    Nothing is downloaded because a client names it: only the default is, by whoever starts the service.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._given = settings.model or self._by_whisper_api()
        self.default = name_of(Path(self._given)) if Path(self._given).is_file() else self._given

    @property
    def max_model(self) -> str:
        """The largest model that is used, by name."""
        return self._settings.max_model or self.default

    def names(self) -> list[str]:
        """All that can be asked for, the default first."""
        here = [one.name for one in list_models(self._settings.models_dir) if one.state == "here"]
        return [self.default, *(n for n in here if n != self.default and self._is_served(n))]

    def resolve(self, asked: str | None) -> str:
        """Return the model that a request means, by name; ModelNotFoundError for one that is not served."""
        if not asked or asked in (self.default, *OPENAI_NAMES):
            return self.default
        names = self.names()
        if asked not in names:
            raise ModelNotFoundError(f"no model {asked!r} is served; served are: {', '.join(names)}")
        return asked

    def is_multilingual(self, name: str) -> bool:
        """Whether a served model knows other languages than English."""
        if name in MODELS:
            return ".en" not in name
        path = existing(self.source(name), self._settings.models_dir)
        return path is None or ggml_file.check(path).multilingual

    def source(self, name: str) -> str:
        """What Model() is to load for a name: itself, or the file that the service was started with."""
        return self._given if name == self.default else name

    def _by_whisper_api(self) -> str:
        """The default by whisper_api's settings, where no model is named."""
        if self._settings.develop_mode:
            return SMALLEST
        if self._settings.max_model:
            return self._settings.max_model
        # The wheels compute on the CPU: what a GPU would be given is too slow there.
        return self._settings.cpu_fallback_model or BEST

    def _is_served(self, name: str) -> bool:
        state = next(one for one in list_models(self._settings.models_dir) if one.name == name)
        if state.published is not None and not state.published.is_whisper:
            return False
        try:
            size = _size_of(name) or ggml_file.check(state.path).size
        except ModelError:  # a VAD model, or a damaged file
            return False
        limit = self._settings.max_model
        return limit is None or _rank(size) <= _rank(_size_of(limit))


def _size_of(name: str) -> str:
    """tiny to large, out of a published model's name; "" for another's."""
    return next((size for size in SIZES if name.startswith(size)), "")


def _rank(size: str) -> int:
    return SIZES.index(size) if size in SIZES else len(SIZES)
