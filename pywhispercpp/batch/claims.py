"""Claims: of two runs over the same files, each file is one run's; what a killed run had is free at once."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from pywhispercpp.batch.tasks import Task
from pywhispercpp.errors import OutputError

NAME = ".pywhispercpp-batch.lock"


class Claims:
    """Locks of single bytes of one file, a byte for each task: the system frees them with the process."""

    def __init__(self, folder: Path) -> None:
        """Open the file. Raises OutputError."""
        path = folder / NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from error

    def take(self, task: Task) -> bool:
        """Claim a task; return whether it is this run's now, and not another's."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte(task))
        except OSError:
            return False
        return True

    def free(self, task: Task) -> None:
        """Give a task back."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _byte(task))

    def close(self) -> None:
        """Give everything back."""
        os.close(self._file)


def _byte(task: Task) -> int:
    """Where a task is in the file: by its name, so that all runs agree; the file stays empty."""
    return int.from_bytes(hashlib.sha256(os.fsencode(task.name)).digest()[:7], "big")
