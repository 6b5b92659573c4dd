"""Pinned wheels, unpacked: once, again when the pin changes, and never half."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import fetch_wheels
from scripts.errors import BuildError

if TYPE_CHECKING:
    from tests.scripts.conftest import Index


def pin(monkeypatch: pytest.MonkeyPatch, version: str, sha256: str) -> None:
    """Let `tiny` be the one pinned wheel."""
    monkeypatch.setattr(fetch_wheels, "WHEELS", {"tiny": {"version": version, "sha256": sha256}})


@pytest.fixture
def folder(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder into which tiny 1.0 was fetched."""
    pin(monkeypatch, "1.0", index.add_wheel("tiny", "1.0", "answer = 1\n"))
    folder = tmp_path / "build"
    assert fetch_wheels.fetch("tiny", folder) == folder / "tiny"
    return folder


def code(folder: Path) -> str:
    """The unpacked module."""
    return (folder / "tiny" / "tiny" / "__init__.py").read_text()


def test_a_wheel_is_unpacked_whole(folder: Path) -> None:
    (downloaded,) = (folder / "downloads").iterdir()
    unpacked = {
        p.relative_to(folder / "tiny").as_posix() for p in (folder / "tiny").rglob("*") if p.is_file()
    }
    assert unpacked == {*zipfile.ZipFile(downloaded).namelist(), ".fetched"}
    assert code(folder) == "answer = 1\n"


def test_nothing_is_asked_of_the_index_when_it_is_there(folder: Path, index: Index) -> None:
    index.stop()
    (folder / "tiny" / "kept").touch()
    fetch_wheels.fetch("tiny", folder)
    assert (folder / "tiny" / "kept").exists()


def test_a_new_pin_takes_the_place_of_the_old(
    folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, "2.0", index.add_wheel("tiny", "2.0", "answer = 2\n"))
    fetch_wheels.fetch("tiny", folder)
    assert code(folder) == "answer = 2\n"
    assert not (folder / "tiny" / "tiny-1.0.dist-info").exists()


def test_a_wrong_hash_leaves_the_old_one(folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add_wheel("tiny", "2.0", "answer = 2\n")
    pin(monkeypatch, "2.0", "0" * 64)
    with pytest.raises(BuildError):
        fetch_wheels.fetch("tiny", folder)
    assert code(folder) == "answer = 1\n"
    assert sorted(path.name for path in folder.iterdir()) == ["downloads", "tiny"]


def test_a_folder_without_its_stamp_is_fetched_anew(folder: Path) -> None:
    (folder / "tiny" / ".fetched").unlink()
    (folder / "tiny" / "tiny" / "__init__.py").write_text("half")
    fetch_wheels.fetch("tiny", folder)
    assert code(folder) == "answer = 1\n"
