"""Files that belong together and are replaced together: all of them or none, whatever interrupts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pywhispercpp.atomic_file import check_replaceable
from pywhispercpp.models.part_file import exclusive_part
from pywhispercpp.models.progress import Progress

__all__ = ["replaced_together"]


@contextmanager
def replaced_together(files: Sequence[Path], progress: Progress) -> Iterator[Path]:
    """Give a folder to write files of these names in; when the block ends they take the place of `files`.

    All `files` are in one folder. The last is the one that readers open first: it is taken away before
    any other is touched and put back after all others are, so that no reader meets a new file through an old
    one. An exception leaves everything as it was; after the end of the process or the machine the next
    call for the same files does that. Other processes wait for their turn. Raises OSError, and OutputError
    where one of the names is no file's.
    """
    for file in files:
        check_replaceable(file)
    main = files[-1]
    main.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_part(main, progress):
        swap = _Swap(main.with_name(f".{main.name}.swap"), files)
        swap.undo()  # what a process that was killed has left
        try:
            swap.new.mkdir(parents=True)
            yield swap.new
            swap.do()
        finally:
            swap.undo()


class _Swap:
    """The new files in one folder, the old ones in another, while they change places.

    `old` exists from the first move to the end of the last one: it says that `undo` has something to do.
    """

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self.folder = folder
        self.files = files
        self.new = folder / "new"
        self.old = folder / "old"

    def do(self) -> None:
        for file in self.files:
            _sync(self.new / file.name)
        self.old.mkdir()
        for file in reversed(self.files):
            if file.exists():
                file.replace(self.old / file.name)
        for file in self.files:
            (self.new / file.name).replace(file)

    def undo(self) -> None:
        """Put everything back unless the last file has been moved; then remove the folder.

        Each step may be the last before the end of the process, and then the next `undo` goes on from there.
        """
        if self.old.exists() and (self.new / self.files[-1].name).exists():
            for file in self.files:
                new, old = self.new / file.name, self.old / file.name
                if not new.exists() and file.exists():
                    file.replace(new)
                if old.exists():
                    old.replace(file)
            self.old.rmdir()
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _sync(path: Path) -> None:
    """Have the file's content on the disk before its name is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
