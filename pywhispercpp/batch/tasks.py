"""The files of a batch: found in folders, each with the names of what is written for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.errors import AudioNotFoundError, UsageError

if TYPE_CHECKING:
    from pywhispercpp.formats import Format

# What is taken out of folders; a file that is named itself may end in anything.
SUFFIXES = frozenset(
    f".{name}"
    for line in (
        "3gp aac ac3 aif aiff amr ape au avi caf dts flac flv m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg mpg",
        "mts oga ogg ogv opus ra spx tta ts vob wav weba webm wma wmv wv",
    )
    for name in line.split()
)


@dataclass(frozen=True)
class Task:
    """One file of a batch.

    Attributes:
        source: the audio file.
        folder: where the results of its part of the batch go, and their journal.
        name: the file within that folder, without the endings of the formats.
    """

    source: Path
    folder: Path
    name: str

    def outputs(self, formats: Sequence[Format]) -> list[Path]:
        """Return the files that are written for it."""
        return [self.folder / f"{self.name}{one.extension}" for one in formats]


def find(
    names: Iterable[str], output: Path | None, recursive: bool, suffixes: Iterable[str] = ()
) -> list[Task]:
    """Return the tasks of files and folders, each file once, in the order given; folders are sorted by name.

    output: the folder of the results, in which folders keep their shape; beside the sources when None.
    suffixes: what is taken out of folders instead of SUFFIXES.
    Raises AudioNotFoundError, or UsageError where two files would write the same results.
    """
    wanted = frozenset(f".{one.lstrip('.').lower()}" for one in suffixes) or SUFFIXES
    tasks: dict[Path, Task] = {}
    for name in names:
        given = Path(name)
        if given.is_dir():
            for path in _media(given, recursive, wanted):
                tasks.setdefault(path, _task(path, path.relative_to(given), given, output))
        elif given.exists():
            tasks.setdefault(given, _task(given, Path(given.name), given.parent, output))
        else:
            raise AudioNotFoundError(f"{name}: there is no such file or folder")
    _check_names(tasks.values())
    return list(tasks.values())


def _task(path: Path, inside: Path, parent: Path, output: Path | None) -> Task:
    return Task(path, output or parent, os.fspath(inside))


def _media(folder: Path, recursive: bool, suffixes: frozenset[str]) -> Iterator[Path]:
    """The media files of a folder; hidden ones and links to folders are left out."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if recursive and not entry.is_symlink():
                yield from _media(entry, recursive, suffixes)
        elif entry.suffix.lower() in suffixes:
            yield entry


def _check_names(tasks: Iterable[Task]) -> None:
    by_place: dict[str, Task] = {}
    for task in tasks:
        place = os.path.realpath(task.folder / task.name)
        other = by_place.setdefault(place, task)
        if other is not task and os.path.realpath(other.source) != os.path.realpath(task.source):
            raise UsageError(
                f"{other.source} and {task.source} would both be written to {task.folder / task.name}.*: "
                "give folders, which keep their shape, or run them into two output folders"
            )
