"""A `.part` file beside its target that only one process at a time may write."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.models.progress import Progress

__all__ = ["exclusive_part", "in_use", "part_beside"]


@contextmanager
def exclusive_part(target: Path, progress: Progress) -> Iterator[BinaryIO]:
    """Open `<target>.part` for reading and writing, locked; wait while another process holds it.

    The lock is on the part file itself, so no lock file is left behind, and it ends with the process. An
    empty part is removed afterwards; one with bytes in it stays, for the next attempt to go on from.
    """
    part = part_beside(target)
    file = _open_locked(part, progress)
    try:
        yield file
    finally:
        if _same_file(file, part) and part.stat().st_size == 0:
            part.unlink()
        file.close()


def part_beside(target: Path) -> Path:
    """Where a file is until it is whole."""
    return target.with_name(f"{target.name}.part")


def in_use(part: Path) -> bool:
    """True while a process, this one or another, writes the part file."""
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _open_locked(part: Path, progress: Progress) -> BinaryIO:
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        file = os.fdopen(descriptor, "r+b", buffering=0)
        _lock(file, part, progress)
        if _same_file(file, part):
            return file
        file.close()  # its former owner has renamed or removed it meanwhile


def _lock(file: BinaryIO, part: Path, progress: Progress) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        progress.note(f"another process is writing {part}; waiting for it")
        fcntl.flock(file, fcntl.LOCK_EX)


def _same_file(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
