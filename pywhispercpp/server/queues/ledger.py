"""Ledger: the tasks of one machine in SQLite, so that they outlive the process."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pywhispercpp.errors import OutputError
from pywhispercpp.server.task import Task

__all__ = ["Ledger"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    task TEXT NOT NULL,
    transcript BLOB
);
CREATE INDEX IF NOT EXISTS by_number ON tasks (number);
PRAGMA user_version = 1;
"""


class Ledger:
    """Tasks and transcripts; each call is on the disk when it returns. Threads may share one."""

    def __init__(self, path: Path) -> None:
        """Open or make the database. Raises OutputError."""
        self._path = path
        self._lock = threading.Lock()
        with self._told():
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.executescript(_SCHEMA)

    def tasks(self) -> list[Task]:
        """All tasks, in the order in which they came."""
        with self._told():
            rows = self._base.execute("SELECT task FROM tasks ORDER BY number").fetchall()
        return [Task.from_json(text) for (text,) in rows]

    def add(self, task: Task) -> None:
        """Keep a new task."""
        with self._told():
            self._base.execute(
                "INSERT INTO tasks (id, number, task) SELECT ?, COALESCE(MAX(number), 0) + 1, ? FROM tasks",
                (task.id, task.to_json()),
            )

    def update(self, task: Task, transcript: bytes | None = None) -> None:
        """Keep how a task is now, and its transcript where one is given; nothing for one that is gone."""
        with self._told():
            self._base.execute(
                "UPDATE tasks SET task = ?, transcript = COALESCE(?, transcript) WHERE id = ?",
                (task.to_json(), transcript, task.id),
            )

    def transcript(self, task_id: str) -> bytes | None:
        """The transcript of a task, as it was given to update()."""
        with self._told():
            row = self._base.execute("SELECT transcript FROM tasks WHERE id = ?", (task_id,)).fetchone()
        return row[0] if row else None

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        with self._told():
            self._base.execute("DELETE FROM tasks WHERE id = ?", (task_id,))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One call at a time; what SQLite says against it becomes an OutputError."""
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise OutputError(f"{self._path}: the tasks cannot be kept there: {error}") from error
