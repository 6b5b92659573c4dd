"""What is in the folder of models: looked at, verified, removed; from Python."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import inspect, list_models, remove_model, verify_model
from pywhispercpp.models.part_file import exclusive_part
from pywhispercpp.models.progress import QuietProgress
from tests import small_model


def test_a_published_model_is_known_by_its_hash(silero: Path, tmp_path: Path) -> None:
    there = Path(shutil.copy(silero, tmp_path))
    found = verify_model("silero-vad", tmp_path)
    assert (found.path, found.published, found.size) == (there, "silero-vad", 885098)
    content = bytearray(silero.read_bytes())
    content[-1] ^= 1
    there.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"not the published silero-vad: sha256:[0-9a-f]{64}, expected .*whole Sil"
    ):
        verify_model(there)


def test_any_other_is_known_by_its_structure(tmp_path: Path) -> None:
    path = small_model.write(tmp_path / "mine.bin", ftype=7)
    assert verify_model("mine", tmp_path).published == ""
    assert "q8_0" in verify_model(path).words
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1000)
    with pytest.raises(ModelError, match=r"ends inside tensor .*\(byte \d+ of \d+\)"):
        verify_model(path)


def test_what_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        verify_model("base", tmp_path)
    (tmp_path / "ggml-base.bin").mkdir()
    with pytest.raises(ModelNotFoundError):
        verify_model("base", tmp_path)
    assert {one.state for one in list_models(tmp_path)} == {"available"}
    for function in (verify_model, remove_model, inspect):
        for name in ("x" * 5000, "a\0b"):
            with pytest.raises(ModelNotFoundError):
                function(name, tmp_path)


def test_removing_takes_the_link_and_not_what_it_leads_to(silero: Path, tmp_path: Path) -> None:
    link = tmp_path / "ggml-silero-v6.2.0.bin"
    link.symlink_to(silero)
    removed = remove_model("silero-vad", tmp_path)
    assert removed.files == (link,) and removed.size == len(str(silero))
    assert silero.is_file() and list(tmp_path.iterdir()) == []


def test_a_link_that_leads_nowhere_can_be_removed(tmp_path: Path) -> None:
    link = tmp_path / "ggml-tiny.bin"
    link.symlink_to(tmp_path / "gone")
    assert remove_model("tiny", tmp_path).files == (link,)
    assert not link.is_symlink()


def test_what_is_being_downloaded_now_stays(tmp_path: Path) -> None:
    target = tmp_path / "ggml-tiny.bin"
    with exclusive_part(target, QuietProgress()) as part:
        part.write(b"lmgg")
        with pytest.raises(ModelError, match="is downloading it now"):
            remove_model("tiny", tmp_path)
    assert remove_model("tiny", tmp_path).size == 4
    assert list(tmp_path.iterdir()) == []
