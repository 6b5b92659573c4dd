"""The ledger: tasks in SQLite, in the order of their coming; what is wrong with its file in plain words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pywhispercpp.errors import OutputError
from pywhispercpp.server.queues.embedded.ledger import Ledger
from pywhispercpp.server.task import Failure, Task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as opened:
        yield opened


def test_tasks_come_back_as_they_were_and_in_order(ledger: Ledger, path: Path) -> None:
    tasks = [Task(model="tiny.en", options={"n": [1, 2.5]}, file_name="\udcff\n") for _ in range(3)]
    for task in tasks:
        ledger.add(task)
    failed = tasks[1].started().failed(Failure("time", "too long"))
    ledger.update(failed)
    ledger.remove(tasks[0].id)
    last = Task(model="base")
    ledger.add(last)
    with closing(Ledger(path)) as again:
        assert again.tasks() == [failed, tasks[2], last]


def test_a_transcript_stays_when_the_task_changes(ledger: Ledger) -> None:
    task = Task(model="tiny.en")
    ledger.add(task)
    assert ledger.transcript(task.id) is None
    ledger.update(task.started().finished(), b"text")
    ledger.update(task)
    assert ledger.transcript(task.id) == b"text"
    ledger.remove(task.id)
    ledger.update(task, b"late")  # of a task that is gone nothing comes back
    assert ledger.transcript(task.id) is None and ledger.tasks() == []


def test_threads_may_share_it(ledger: Ledger) -> None:
    def add() -> None:
        for _ in range(20):
            ledger.add(Task(model="tiny.en"))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.tasks()) == 80


def test_what_is_no_database_says_so(path: Path) -> None:
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(OutputError, match=r"tasks.sqlite: .* not a database; move it away to begin anew"):
        Ledger(path)


def test_a_database_that_breaks_in_the_middle_says_so(ledger: Ledger, path: Path) -> None:
    for _ in range(200):
        ledger.add(Task(model="tiny.en", file_name="x" * 200))
    ledger.close()
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    with (
        pytest.raises(OutputError, match=r"tasks.sqlite: .* malformed; move it away"),
        closing(Ledger(path)) as damaged,
    ):
        damaged.tasks()


def test_a_row_that_is_no_task_says_so(ledger: Ledger, path: Path) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("INSERT INTO tasks (id, number, task) VALUES ('a', 1, '{\"model\": 1}')")
    with pytest.raises(OutputError, match="something that is no task"):
        ledger.tasks()


def test_one_of_a_newer_version_is_left_alone(ledger: Ledger, path: Path) -> None:
    ledger.close()
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version = 2")
    with pytest.raises(OutputError, match="a newer pywhispercpp wrote it"):
        Ledger(path)
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (2,)
