"""Output files are whole or not there: on full disks, in read-only places, after exceptions, in races."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pywhispercpp import OutputError
from pywhispercpp.atomic_file import writing


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs at `folder`; skips the test where mounting is not permitted."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], text=True, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a file system of one's own is not permitted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def small_files() -> Iterator[None]:
    """Files of this process may have 64 KiB: what a full disk does, without any right."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_text_is_utf8_and_lines_are_as_given(tmp_path: Path) -> None:
    with writing(tmp_path / "a.txt") as file:
        file.write("Füße\nぶ\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "Füße\nぶ\r\n".encode()
    assert names(tmp_path) == ["a.txt"]


def test_the_target_changes_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with writing(str(target), "wb") as file:
        file.write(b"new" * 10000)
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new" * 10000


@pytest.mark.parametrize(
    "error", [KeyError("x"), FileNotFoundError(2, "no", "elsewhere"), KeyboardInterrupt()]
)
def test_an_exception_leaves_everything_as_it_was(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(error)) as caught, writing(target) as file:
        file.write("half")
        raise error
    assert caught.value is error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_permissions_of_new_and_old_files(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.touch()
    old.chmod(0o640)
    umask = os.umask(0o027)
    try:
        for name in ("old", "new"):
            with writing(tmp_path / name) as file:
                file.write("x")
    finally:
        os.umask(umask)
    assert old.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "folder" / "real")
    with writing(link) as file:
        file.write("x")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "real").read_text() == "x"


def test_the_longest_name_and_names_that_are_no_text(tmp_path: Path) -> None:
    for name in (b"n" * 255, b"\xff\xfe.txt"):
        with writing(os.fsencode(tmp_path) + b"/" + name) as file:
            file.write("x")
    assert {os.fsencode(name) for name in names(tmp_path)} == {b"n" * 255, b"\xff\xfe.txt"}


@pytest.mark.parametrize("name", ["folder", "file/below.txt", "missing/a.txt", "n" * 256, "zero\0byte"])
def test_a_target_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught, writing(tmp_path / name):
        pytest.fail("the block must not run")
    assert str(tmp_path / name) in str(caught.value)
    assert names(tmp_path) == ["file", "folder"]


def test_a_read_only_place(tmp_path: Path) -> None:
    with mounted(tmp_path / "fixed", "ro,size=64k") as folder:
        target = folder / "a.txt"
        with pytest.raises(OutputError, match="Read-only"), writing(target):
            pytest.fail("the block must not run")


def test_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=64k") as folder:
        (folder / "a.txt").write_text("old")
        with pytest.raises(OutputError, match=r"a\.txt.*No space left"), writing(folder / "a.txt") as file:
            for _ in range(100):
                file.write("more than there is room for " * 100)
        assert (folder / "a.txt").read_text() == "old"
        assert names(folder) == ["a.txt"]


def test_a_disk_that_is_full_for_the_last_bytes(tmp_path: Path) -> None:
    with small_files(), pytest.raises(OutputError, match="too large"), writing(tmp_path / "a", "wb") as file:
        file.write(b"x" * 65536)
        file.flush()
        file.write(b"y")  # stays in the buffer until the block ends
    assert names(tmp_path) == []


def test_a_device_is_written_directly() -> None:
    with writing("/dev/null") as file:
        file.write("x")
    with pytest.raises(OutputError, match="No space left"), writing("/dev/full") as file:
        file.write("x")
    assert Path("/dev/null").is_char_device()


WRITER = """
import sys
from pywhispercpp.atomic_file import writing
for _ in range(40):
    with writing(sys.argv[1]) as file:
        for _ in range(20):
            file.write(sys.argv[2] * 1000)
            file.flush()
"""


def test_two_processes_at_once(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    running = [subprocess.Popen([sys.executable, "-c", WRITER, target, letter]) for letter in "ab"]
    while any(process.poll() is None for process in running):
        if target.exists():
            assert target.read_text() in ("a" * 20000, "b" * 20000)
    assert [process.wait(60) for process in running] == [0, 0]
    assert target.read_text() in ("a" * 20000, "b" * 20000)
    assert names(tmp_path) == ["a.txt"]
