"""The catalogue: the default model by whisper_api's settings, and which others may be asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelNotFoundError
from pywhispercpp.models.registry import MODELS
from pywhispercpp.server.catalogue import OPENAI_NAMES, Catalogue
from pywhispercpp.server.settings import load
from tests import small_model


def catalogue(folder: Path, **settings: object) -> Catalogue:
    return Catalogue(load(models_dir=str(folder), **settings))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that look like published models by their sizes, and some others."""
    for name in ("tiny.en", "base", "small-q5_1", "large-v3-turbo", "silero-vad"):
        with (tmp_path / f"ggml-{name}.bin").open("wb") as file:
            os.truncate(file.fileno(), MODELS[name].size)  # holes: no disk is written
    small_model.write(tmp_path / "ggml-mine.bin", n_audio_layer=6)
    (tmp_path / "damaged.bin").write_bytes(b"lmgg")
    (tmp_path / "ggml-medium.bin").write_bytes(b"lmgg, but not of its size")
    (tmp_path / "notes.txt").write_text("no model")
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "default", "max_model"),
    [
        ({}, "medium", "medium"),
        ({"develop_mode": True}, "tiny", "tiny"),
        ({"develop_mode": True, "max_model": "small"}, "tiny", "small"),
        ({"max_model": "base.en"}, "base.en", "base.en"),
        ({"max_model": "large"}, "large-v3", "large-v3"),
        ({"cpu_fallback_model": "small"}, "small", "small"),
        ({"cpu_fallback_model": "unset"}, "large-v3", "large-v3"),
        ({"model": "tiny.en", "max_model": "base"}, "tiny.en", "base"),
        ({"model": "mine", "develop_mode": True}, "mine", "mine"),
    ],
)
def test_the_default(tmp_path: Path, settings: dict[str, object], default: str, max_model: str) -> None:
    found = catalogue(tmp_path, **settings)
    assert (found.default, found.max_model) == (default, max_model)
    assert found.names() == [default]  # though it is not here yet
    assert found.resolve(None) == found.resolve("") == default
    assert {found.resolve(name) for name in OPENAI_NAMES} == {default}


@pytest.mark.parametrize(
    ("max_model", "hidden"),
    [
        (None, set()),
        ("large-v3", set()),
        ("small", {"large-v3-turbo"}),
        ("base.en", {"large-v3-turbo", "small-q5_1"}),
        ("tiny", {"large-v3-turbo", "small-q5_1", "base", "mine"}),
    ],
)
def test_what_is_here_and_not_too_large_is_served(
    folder: Path, max_model: str | None, hidden: set[str]
) -> None:
    found = catalogue(folder, max_model=max_model, model="tiny.en")
    assert found.names()[0] == "tiny.en"
    assert set(found.names()) == {"tiny.en", "base", "small-q5_1", "large-v3-turbo", "mine"} - hidden
    for name in hidden | {"silero-vad", "damaged", "medium", "notes.txt", "large-v1"}:
        with pytest.raises(ModelNotFoundError, match=r"served are: tiny\.en"):
            found.resolve(name)


@pytest.mark.parametrize(
    "asked", ["../secret", "/etc/passwd", "ggml-base.bin", "BASE", "\0", "x" * 5000, "\ud800"]
)
def test_no_path_is_a_name(folder: Path, asked: str) -> None:
    (folder.parent / "secret.bin").write_bytes((folder / "ggml-mine.bin").read_bytes())
    with pytest.raises(ModelNotFoundError):
        catalogue(folder, model="base").resolve(asked)


def test_a_file_is_served_by_its_name(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = small_model.write(tmp_path_factory.mktemp("elsewhere") / "ggml-special.bin", n_vocab=51865)
    found = catalogue(folder, model=str(path))
    assert found.default == "special" and found.source("special") == str(path)
    assert found.source("base") == "base"
    assert str(path.parent) not in " ".join(found.names())


def test_languages(folder: Path) -> None:
    found = catalogue(folder, model="base")
    assert found.is_multilingual("base") and not found.is_multilingual("tiny.en")
    assert not found.is_multilingual("mine")  # by its file
    assert found.is_multilingual("not-here-yet")
