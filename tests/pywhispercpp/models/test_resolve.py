"""Where a name or a path leads to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import default_models_dir, model_path, resolve_model
from pywhispercpp.models.ggml_file import check
from pywhispercpp.models.registry import MODELS, url


def test_an_existing_path_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.bin"
    file.write_bytes(b"x")
    assert resolve_model(file) == file
    assert resolve_model(str(file)) == file


@pytest.mark.parametrize("stored", ["mine", "mine.bin", "ggml-mine.bin"])
def test_a_name_is_looked_up_in_the_folder(tmp_path: Path, stored: str) -> None:
    (tmp_path / stored).write_bytes(b"x")
    assert resolve_model("mine", tmp_path) == tmp_path / stored


def test_a_folder_called_like_a_model_does_not_hide_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.en").mkdir()
    there = tmp_path / "models" / "ggml-tiny.en.bin"
    there.parent.mkdir()
    there.write_bytes(b"x")
    assert resolve_model("tiny.en", there.parent) == there


def test_a_directory_reaches_the_check_which_names_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="this is a directory"):
        check(resolve_model(tmp_path))


def test_a_missing_file_is_also_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such model file"):
        resolve_model(tmp_path / "gone.bin")
    with pytest.raises(ModelNotFoundError):
        check(tmp_path / "gone.bin")


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYWHISPERCPP_MODELS_DIR", str(tmp_path))
    assert default_models_dir() == tmp_path
    assert model_path("tiny") == tmp_path / "ggml-tiny.bin"
    monkeypatch.delenv("PYWHISPERCPP_MODELS_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_models_dir() == tmp_path / "pywhispercpp" / "models"  # pywhispercpp 1.5's folder


def test_the_address_follows_hf_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert url(MODELS["tiny"]) == "https://mirror.example/ggerganov/whisper.cpp/resolve/main/ggml-tiny.bin"
    assert "tinydiarize" in url(MODELS["small.en-tdrz"])


def test_every_hash_is_well_formed_and_no_two_are_alike() -> None:
    hashes = [model.hash for model in MODELS.values()]
    lengths = {"sha1": 40, "sha256": 64}
    for text in hashes:
        algorithm, _, digits = text.partition(":")
        assert len(digits) == lengths[algorithm] and int(digits, 16)
    assert len(set(hashes)) == len(hashes) == 36


def test_importing_models_does_not_load_the_http_client() -> None:
    program = "import sys, pywhispercpp.models; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
