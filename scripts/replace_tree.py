"""Puts a finished folder in the place of an old one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STAMP = ".fetched"


def is_current(folder: Path, stamp: str) -> bool:
    """Say whether `folder` was finished with exactly this stamp."""
    file = folder / STAMP
    return file.is_file() and file.read_text(encoding="utf-8") == stamp


@contextmanager
def replacing(folder: Path, stamp: str) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; on success stamp it and rename it into place.

    On any exception the half-made folder is removed and the old one stays as it was.
    """
    fresh = folder.with_name(folder.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        (fresh / STAMP).write_text(stamp, encoding="utf-8")
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _swap(folder, fresh)


def _swap(folder: Path, fresh: Path) -> None:
    """Put `fresh` where `folder` is. The old one is renamed before it is removed, so that a process killed
    in the middle never leaves half of it under its own name and stamp.
    """
    stale = folder.with_name(folder.name + ".old")
    shutil.rmtree(stale, ignore_errors=True)
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)
