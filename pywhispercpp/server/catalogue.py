"""Catalogue: the models that the service serves, and which of them a request means."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import ModelState, ggml_file, list_models
from pywhispercpp.models.paths import default_models_dir, existing, name_of
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
        self._folder = Path(settings.models_dir or default_models_dir())
        self._given = settings.model or self._by_whisper_api()
        self._given_name = name_of(Path(self._given)) if Path(self._given).is_file() else self._given
        self.default = self._given_name  # what a request without a name means; it may be changed

    @property
    def max_model(self) -> str:
        """The largest model that is used, by name."""
        return self._settings.max_model or self.default

    def names(self) -> list[str]:
        """All that can be asked for, the default first."""
        here = (one for one in list_models(self._folder) if one.state == "here")
        found = [self.default, self._given_name, *(one.name for one in here if self._is_served(one))]
        return list(dict.fromkeys(found))

    def resolve(self, asked: str | None) -> str:
        """Return the model that a request means, by name; ModelNotFoundError for one that is not served."""
        if not asked or asked in (self.default, *OPENAI_NAMES):
            return self.default
        names = self.names()
        if asked not in names:
            raise ModelNotFoundError(f"no model {asked!r} is served; served are: {', '.join(names)}")
        return asked

    def find(self, asked: str) -> str:
        """Return the name of a served model, by it or by its file's path in the folder of models.

        Raises ModelNotFoundError, with the same words for every path, whether there is a file or not.
        """
        names = self.names()
        if asked in names:
            return asked
        try:
            path = self._folder / asked
            is_inside = path.is_file() and path.parent.resolve() == self._folder.resolve()
        except (OSError, ValueError):  # what can be no path
            is_inside = False
        if not is_inside or name_of(path) not in names:
            raise ModelNotFoundError(f"no such model is served; served are: {', '.join(names)}")
        return name_of(path)

    def is_multilingual(self, name: str) -> bool:
        """Whether a served model knows other languages than English."""
        if name in MODELS:
            return ".en" not in name
        path = existing(self.source(name), self._folder)
        return path is None or ggml_file.check(path).multilingual

    def source(self, name: str) -> str:
        """What Model() is to load for a name: itself, or the file that the service was started with."""
        return self._given if name == self._given_name else name

    def _by_whisper_api(self) -> str:
        """The default by whisper_api's settings, where no model is named."""
        if self._settings.develop_mode:
            return SMALLEST
        if self._settings.max_model:
            return self._settings.max_model
        # The wheels compute on the CPU: what a GPU would be given is too slow there.
        return self._settings.cpu_fallback_model or BEST

    def _is_served(self, one: ModelState) -> bool:
        if one.published is not None:
            if not one.published.is_whisper:
                return False
            size = _size_of(one.name)
        else:
            try:
                size = ggml_file.check(one.path).size
            except ModelError:  # a VAD model, or a damaged file
                return False
        limit = self._settings.max_model
        return limit is None or _rank(size) <= _rank(_size_of(limit))


def _size_of(name: str) -> str:
    """tiny to large, out of a published model's name."""
    return next(size for size in SIZES if name.startswith(size))


def _rank(size: str) -> int:
    return SIZES.index(size) if size in SIZES else len(SIZES)
