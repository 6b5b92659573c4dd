"""Shelf: the tasks of one machine on its disk, each with its audio for as long as that is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pywhispercpp.errors import OutputError
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.queues.embedded.ledger import Ledger
from pywhispercpp.server.queues.lifetime import has_expired, with_expiry
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import MAX_ATTEMPTS, Failure, Task

__all__ = ["Shelf"]


class Shelf:
    """A ledger, and a folder of audio that holds neither more nor less than the ledger's tasks need."""

    def __init__(self, settings: Settings, folders: Folders) -> None:
        self._settings = settings
        self._folders = folders
        self._ledger: Ledger

    def open(self) -> list[Task]:
        """Return what an earlier process left: what it worked on waits again, files of nothing are gone.

        Raises SettingsError where another process has it, OutputError where it is damaged.
        """
        self._folders.lock()
        self._ledger = Ledger(self._folders.database)
        tasks = list(self._left())
        self._folders.clean({task.id for task in tasks if not task.is_done})
        return tasks

    def close(self) -> None:
        """Let go of it."""
        self._ledger.close()

    def audio(self, task_id: str) -> Path:
        """The audio of a task."""
        return self._folders.audio(task_id)

    def add(self, task: Task, audio: Path) -> None:
        """Keep a task and take its audio; on the disk when this returns. Raises OutputError."""
        try:
            self._folders.take_over(audio, task.id)
            self._ledger.add(task)
        except BaseException as error:
            self._folders.remove_audio(task.id)
            if isinstance(error, OSError):
                raise OutputError(f"{audio}: the upload cannot be kept: {error.strerror}") from error
            raise

    def update(self, task: Task, transcript: bytes | None = None) -> None:
        """Keep how a task is now; nothing for one that is gone. Raises OutputError."""
        self._ledger.update(task, transcript)

    def transcript(self, task_id: str) -> bytes | None:
        """The transcript of a finished task."""
        return self._ledger.transcript(task_id)

    def remove_audio(self, task_id: str) -> None:
        """Forget the audio of a task that is done."""
        self._folders.remove_audio(task_id)

    def remove(self, task_id: str, with_audio: bool) -> None:
        """Forget a task. with_audio: unless somebody reads it."""
        try:
            self._ledger.remove(task_id)
        finally:
            if with_audio:
                self._folders.remove_audio(task_id)

    def _left(self) -> Iterator[Task]:
        for task in self._ledger.tasks():
            if task.is_awaited or has_expired(task):
                self._ledger.remove(task.id)
                continue
            judged = task if task.is_done else self._judged(task)
            if judged is not task:
                self._ledger.update(judged)
            yield judged

    def _judged(self, task: Task) -> Task:
        if task.attempts >= MAX_ATTEMPTS:
            message = f"the service ended {task.attempts} times while it worked on this"
        elif not self._folders.audio(task.id).is_file():
            message = "its audio file is gone"
        else:
            return task.again()
        return with_expiry(task.failed(Failure("internal", message)), self._settings)
