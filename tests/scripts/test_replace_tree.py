"""Replacing a folder: the old one stays whole until the new one is finished, whatever happens."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.pins import ROOT
from scripts.replace_tree import is_current, replacing


def make(folder: Path, stamp: str, text: str) -> None:
    """Put a finished folder with one file in place."""
    with replacing(folder, stamp) as fresh:
        (fresh / "file").write_text(text)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "below" / "tree"
    make(folder, "one", "1")
    (folder / "left-over").touch()
    make(folder, "two", "2")
    assert (folder / "file").read_text() == "2"
    assert names(folder) == [".fetched", "file"]
    assert names(folder.parent) == ["tree"]


def test_the_stamp_says_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    assert not is_current(folder, "one")
    make(folder, "one", "1")
    assert is_current(folder, "one")
    assert not is_current(folder, "on")


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_folder_and_nothing_else(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    folder = tmp_path / "tree"
    make(folder, "one", "1")
    with pytest.raises(interruption), replacing(folder, "two") as fresh:
        (fresh / "file").write_text("half")
        raise interruption
    assert (folder / "file").read_text() == "1"
    assert is_current(folder, "one")
    assert names(tmp_path) == ["tree"]


KILLED = """
import os, pathlib, signal, sys
from scripts import replace_tree
folder, moment = pathlib.Path(sys.argv[1]), sys.argv[2]
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if moment == "renaming": pathlib.Path.rename = die
with replace_tree.replacing(folder, "two") as fresh:
    (fresh / "file").write_text("2")
    if moment == "filling": die()
    if moment == "removing": replace_tree.shutil.rmtree = die
"""


@pytest.mark.parametrize("moment", ["filling", "renaming", "removing"])
def test_a_killed_process_leaves_a_whole_folder_and_the_next_one_clears_up(
    tmp_path: Path, moment: str
) -> None:
    folder = tmp_path / "tree"
    make(folder, "one", "1")
    killed = subprocess.run([sys.executable, "-c", KILLED, folder, moment], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    text = (folder / "file").read_text()
    assert is_current(folder, {"1": "one", "2": "two"}[text])
    assert names(folder) == [".fetched", "file"]
    make(folder, "three", "3")
    assert is_current(folder, "three")
    assert names(tmp_path) == ["tree"]
