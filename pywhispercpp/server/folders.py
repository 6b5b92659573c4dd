"""Folders: where the service keeps what it works on; one process at a time."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Container
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.errors import SettingsError

__all__ = ["Folders"]


class Folders:
    """The database, the uploads that tasks need (named by their ids), and those that are still coming in."""

    def __init__(self, root: Path) -> None:
        """root: the setting data_dir. Raises SettingsError where it cannot be written to."""
        self._root = root
        self._uploads = root / "uploads"
        self._incoming = root / "incoming"
        self._lock_file: BinaryIO | None = None
        self.database = root / "tasks.sqlite"
        try:
            for folder in (root, self._uploads, self._incoming):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"data_dir={str(root)!r}: it cannot be made: {error.strerror}") from error

    def lock(self) -> None:
        """Keep other processes out until this one ends. Raises SettingsError where one is there already."""
        file = None
        try:
            file = (self._root / "lock").open("ab")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            assert file is not None
            file.close()
            raise SettingsError(
                f"data_dir={str(self._root)!r}: another service works there: give each its own"
            ) from error
        except OSError as error:
            raise SettingsError(
                f"data_dir={str(self._root)!r}: it cannot be written to: {error.strerror}"
            ) from error
        self._lock_file = file

    def unlock(self) -> None:
        """Let other processes in."""
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def audio(self, task_id: str) -> Path:
        """The audio of a task."""
        return self._uploads / task_id

    def new_incoming(self) -> Path:
        """A name for an upload that begins."""
        return self._incoming / uuid.uuid4().hex

    def take_over(self, incoming: Path, task_id: str) -> None:
        """Make an upload the audio of a task; on the disk when this returns."""
        with incoming.open("rb") as file:
            os.fsync(file.fileno())
        incoming.replace(self.audio(task_id))
        _sync_folder(self._uploads)

    def remove_audio(self, task_id: str) -> None:
        """Remove the audio of a task."""
        self.audio(task_id).unlink(missing_ok=True)

    def clean(self, wanted: Container[str]) -> None:
        """Remove uploads that never became a task's, and those of tasks that are not wanted."""
        for path in self._incoming.iterdir():
            path.unlink(missing_ok=True)
        for path in self._uploads.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
