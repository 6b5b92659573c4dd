"""Two files change places with two others, and something goes wrong at every point where it can."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp.errors import OutputError
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.progress import QuietProgress

# Moves that `replaced_together` makes for two files: both old ones out, both new ones in.
MOVES = 4

# Kills itself just before the move of that number.
KILLED = """
import os, signal, sys
from pathlib import Path
from pywhispercpp.errors import OutputError
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.progress import QuietProgress

moves = 0
move = Path.replace

def counted(self, target):
    global moves
    moves += 1
    if moves == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return move(self, target)

Path.replace = counted
folder = Path(sys.argv[1])
with replaced_together((folder / "x.bin", folder / "x.xml"), QuietProgress()) as new:
    (new / "x.bin").write_text("new bin")
    (new / "x.xml").write_text("new xml")
    if sys.argv[2] == "0":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def files(folder: Path) -> tuple[Path, Path]:
    return folder / "x.bin", folder / "x.xml"


def contents(folder: Path) -> dict[str, str]:
    """What a user sees: the files that are not hidden."""
    return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}


OLD = {"x.bin": "old bin", "x.xml": "old xml"}
NEW = {"x.bin": "new bin", "x.xml": "new xml"}


@pytest.fixture(params=["both", "none"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What is there at the start."""
    there = OLD if request.param == "both" else {}
    for name, text in there.items():
        (tmp_path / name).write_text(text)
    return there


def swap(folder: Path) -> None:
    with replaced_together(files(folder), QuietProgress()) as new:
        for name, text in NEW.items():
            (new / name).write_text(text)


def test_both_are_replaced_and_nothing_is_left(tmp_path: Path, before: dict[str, str]) -> None:
    swap(tmp_path)
    assert contents(tmp_path) == NEW
    assert len(list(tmp_path.iterdir())) == 2


def test_the_folder_is_made(tmp_path: Path) -> None:
    swap(tmp_path / "a" / "b")
    assert contents(tmp_path / "a" / "b") == NEW


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_failure_while_writing_changes_nothing(
    tmp_path: Path, before: dict[str, str], error: BaseException
) -> None:
    with (
        pytest.raises(type(error)),
        replaced_together(files(tmp_path), QuietProgress()) as new,
    ):
        (new / "x.xml").write_text("half")
        raise error
    assert contents(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == len(before)


def test_a_file_that_was_not_written_changes_nothing(tmp_path: Path, before: dict[str, str]) -> None:
    with (
        pytest.raises(FileNotFoundError),
        replaced_together(files(tmp_path), QuietProgress()) as new,
    ):
        (new / "x.xml").write_text("no bin")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("failing", range(1, MOVES + 1))
def test_a_failure_at_each_move_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, str], failing: int
) -> None:
    """Without files before there are but two moves: the third and fourth then never come."""
    move, moves = Path.replace, 0

    def counted(self: Path, target: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == failing:
            raise OSError(errno.EIO, "broken")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", counted)
    if not before and failing > MOVES // 2:
        swap(tmp_path)
        assert contents(tmp_path) == NEW
        return
    with pytest.raises(OSError, match="broken"):
        swap(tmp_path)
    assert contents(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == len(before)


def killed(folder: Path, before_move: int) -> int:
    """The exit status of a process that kills itself before that move; 0 is before the first."""
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(before_move)], check=False
    ).returncode


@pytest.mark.parametrize("failing", range(MOVES + 1))
def test_the_end_of_the_process_at_each_move(tmp_path: Path, before: dict[str, str], failing: int) -> None:
    """A new bin never lies beside an old xml; the next call puts back what was there, then goes on."""
    finished = not before and failing > MOVES // 2
    assert killed(tmp_path, failing) == (0 if finished else -9)
    seen = contents(tmp_path)
    seen.pop("x.xml.part", None)
    assert "x.xml" not in seen or seen in (OLD, NEW)
    with pytest.raises(InterruptedError), replaced_together(files(tmp_path), QuietProgress()):
        raise InterruptedError
    assert contents(tmp_path) == (NEW if finished else before)
    swap(tmp_path)
    assert contents(tmp_path) == NEW
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("again", [1, 2, 3])
def test_the_end_of_the_process_that_puts_things_back(tmp_path: Path, again: int) -> None:
    """Three moves undo what the first process did before its last one."""
    for name, text in OLD.items():
        (tmp_path / name).write_text(text)
    assert killed(tmp_path, MOVES) == killed(tmp_path, again) == -9
    with pytest.raises(InterruptedError), replaced_together(files(tmp_path), QuietProgress()):
        raise InterruptedError
    assert contents(tmp_path) == OLD


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.bin")
    refused = pytest.raises(OutputError, match=r"x\.bin: this is a folder, a device or a pipe")
    with refused, replaced_together(files(tmp_path), QuietProgress()):
        pytest.fail("nothing is written")
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]
