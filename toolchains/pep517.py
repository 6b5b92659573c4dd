"""The build backend of pyproject.toml (PEP 517): scikit-build-core's, told which files make an sdist.

Patterns alone cannot say it: the files of git are git's to list, and those of whisper.cpp are computed.
"""

from __future__ import annotations

import re
from typing import Union

from scikit_build_core import build as backend
from scikit_build_core.build import (
    build_editable,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

from scripts.errors import BuildError
from toolchains.sdist_files import compiled, is_checkout, tracked

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

Settings = dict[str, Union[list[str], str]]


def _patterns(names: list[str]) -> list[str]:
    """Return patterns, as .gitignore has them, that match these files and nothing else."""
    return ["/" + re.sub(r"([\\*?\[\] ])", r"\\\1", name) for name in names]


def _settings() -> Settings:
    """Return the settings of scikit-build-core that select the files.

    An unpacked sdist is nobody's working tree. There all files count that its .gitignore lets pass: it came
    with the right ones, and whatever a build in it leaves behind is ignored.
    """
    if is_checkout():
        names = tracked() + compiled()
        return {"sdist.inclusion-mode": "explicit", "sdist.include": _patterns(names)}
    return {"sdist.include": _patterns(compiled()), "sdist.exclude": ["/PKG-INFO"]}


def build_sdist(sdist_directory: str, config_settings: Settings | None = None) -> str:
    """Write the sdist into a folder and return its name; without fetched sources the program ends."""
    try:
        settings = _settings()
    except BuildError as error:
        raise SystemExit(f"error: {error}") from None
    name: str = backend.build_sdist(sdist_directory, {**(config_settings or {}), **settings})
    return name
