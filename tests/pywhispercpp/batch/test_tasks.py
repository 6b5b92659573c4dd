"""What a batch finds in folders, and what it calls the results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pywhispercpp import AudioNotFoundError, UsageError
from pywhispercpp.batch import tasks
from pywhispercpp.formats import FORMATS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Media, other files, hidden ones, and folders in a folder."""
    for name in ("b.MP3", "a.wav", "notes.txt", ".hidden.wav", "deep/c.mkv", "deep/er/d.opus", ".git/e.wav"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "in"


def names(found: list[tasks.Task]) -> list[str]:
    return [one.name for one in found]


def test_media_of_a_folder_in_order(folder: Path) -> None:
    assert names(tasks.find([str(folder)], None, recursive=False)) == ["a.wav", "b.MP3"]
    everything = ["a.wav", "b.MP3", "deep/c.mkv", "deep/er/d.opus"]
    assert names(tasks.find([str(folder)], None, recursive=True)) == everything
    assert names(tasks.find([str(folder)], None, True, ["TXT", ".mkv"])) == ["deep/c.mkv", "notes.txt"]


def test_results_lie_beside_the_source_or_keep_the_shape_elsewhere(folder: Path, tmp_path: Path) -> None:
    formats = [FORMATS["srt"], FORMATS["json"]]
    (beside,) = tasks.find([str(folder / "deep" / "c.mkv")], None, recursive=False)
    assert beside.outputs(formats) == [folder / "deep" / "c.mkv.srt", folder / "deep" / "c.mkv.json"]
    found = tasks.find([str(folder)], tmp_path / "out", recursive=True)
    assert found[-1].outputs(formats)[0] == tmp_path / "out" / "deep" / "er" / "d.opus.srt"


def test_each_file_once_and_any_suffix_when_named(folder: Path) -> None:
    given = [str(folder / "notes.txt"), str(folder / "a.wav"), str(folder), str(folder / "a.wav")]
    assert names(tasks.find(given, None, recursive=False)) == ["notes.txt", "a.wav", "b.MP3"]


def test_two_files_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    given = [str(folder / "a.wav"), str(tmp_path / "a.wav")]
    with pytest.raises(UsageError, match=r"would both be written to .*out"):
        tasks.find(given, tmp_path / "out", recursive=False)
    assert len(tasks.find(given, None, recursive=False)) == 2


def test_a_missing_file_is_told_before_the_work(folder: Path) -> None:
    with pytest.raises(AudioNotFoundError, match=r"none\.wav"):
        tasks.find([str(folder), "none.wav"], None, recursive=False)


def test_a_circle_of_links_ends(folder: Path) -> None:
    (folder / "deep" / "back").symlink_to(folder, target_is_directory=True)
    assert len(tasks.find([str(folder)], None, recursive=True)) == 4


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff.wav"
    try:
        Path(os.fsdecode(odd)).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (one,) = tasks.find([str(tmp_path)], None, recursive=False)
    assert os.fsencode(one.source) == odd
