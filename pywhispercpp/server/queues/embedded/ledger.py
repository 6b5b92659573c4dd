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

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    task TEXT NOT NULL,
    transcript BLOB
);
CREATE INDEX IF NOT EXISTS by_number ON tasks (number);
PRAGMA user_version = {_VERSION};
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
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            if version <= _VERSION:
                self._base.executescript(_SCHEMA)
        if version > _VERSION:
            raise OutputError(f"{path}: a newer pywhispercpp wrote it; use that one, or another data_dir")

    def tasks(self) -> list[Task]:
        """All tasks, in the order in which they came. Raises OutputError for what is none."""
        with self._told():
            rows = self._base.execute("SELECT task FROM tasks ORDER BY number").fetchall()
        try:
            return [Task.from_json(text) for (text,) in rows]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OutputError(f"{self._path}: it holds something that is no task: {error!r}") from error

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
            raise OutputError(
                f"{self._path}: the tasks cannot be kept there: {error}"
                + ("; move it away to begin anew" if _is_damage(error) else "")
            ) from error


def _is_damage(error: sqlite3.Error) -> bool:
    # sqlite_errorcode came with Python 3.11.
    return any(words in str(error) for words in ("malformed", "not a database"))
