"""The journal of an output folder: a JSON line for each file that was done, on the disk before the next."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pywhispercpp.batch.tasks import Task
from pywhispercpp.errors import OutputError

NAME = ".pywhispercpp-batch.jsonl"


class Journal:
    """What was done in one output folder, by this run and all others."""

    def __init__(self, folder: Path) -> None:
        """Read what is there. Raises OutputError when the folder cannot be made or read."""
        self.path = folder / NAME
        self._records: dict[str, dict[str, Any]] = {}
        self._read = 0  # bytes
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from error
        self.refresh()

    def refresh(self) -> None:
        """Read what other runs have added; a line that a killed run left unfinished does not count."""
        size = os.fstat(self._file).st_size
        data = os.pread(self._file, size - self._read, self._read)
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].splitlines():
            try:
                record = json.loads(line)
                self._records[record["source"]] = record
            except (ValueError, KeyError, TypeError):  # torn by a kill, with the next line behind it
                continue

    def record(self, task: Task) -> dict[str, Any] | None:
        """Return what is known of a task whose source is still the same file; None when there is nothing."""
        found = self._records.get(_key(task))
        return found if found is not None and found.get("stamp") == _stamp(task) else None

    def is_changed(self, task: Task) -> bool:
        """Whether the source has changed since its results were written."""
        return _key(task) in self._records and self.record(task) is None

    def is_done(self, task: Task, outputs: Sequence[Path]) -> bool:
        """Whether all results are there and were made of what the source is now."""
        return all(path.exists() for path in outputs) and not self.is_changed(task)

    def add(self, task: Task, stamp: Sequence[int], **facts: object) -> None:
        """Note that a task was done, or why not; on the disk when this returns. Raises OutputError."""
        record: dict[str, Any] = {
            "source": _key(task),
            "stamp": list(stamp),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            **facts,
        }
        line = json.dumps(record, ensure_ascii=True).encode() + b"\n"
        try:
            if not self._ends_with_line():
                line = b"\n" + line
            os.write(self._file, line)  # one write: lines of two runs do not mix
            os.fsync(self._file)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from error
        self._records[record["source"]] = record

    def _ends_with_line(self) -> bool:
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def stamp(task: Task) -> list[int]:
    """Return what tells one version of the source from another: its size and time of change."""
    return _stamp(task) or [0, 0]


def _stamp(task: Task) -> list[int] | None:
    try:
        found = task.source.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _key(task: Task) -> str:
    return os.path.realpath(task.source)
