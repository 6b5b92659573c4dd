"""The journal and the claims: what a kill leaves is read, and two processes never have the same file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp.batch.claims import Claims
from pywhispercpp.batch.journal import NAME, Journal, stamp
from pywhispercpp.batch.tasks import Task
from pywhispercpp.errors import OutputError


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A source and where its results go."""
    source = tmp_path / "a.wav"
    source.write_bytes(b"one")
    return Task(source, tmp_path / "out", "a.wav")


def test_what_was_noted_is_known_to_the_next_run(task: Task) -> None:
    first = Journal(task.folder)
    result = task.folder / "a.wav.srt"
    assert not first.is_done(task, [result])
    result.write_text("1")
    first.add(task, stamp(task), ok=True, outputs=["a.wav.srt"])
    second = Journal(task.folder)
    record = second.record(task)
    assert record is not None
    assert record["ok"] is True
    assert second.is_done(task, [result])
    assert not second.is_done(task, [result, task.folder / "a.wav.json"]), "one result is missing"


def test_a_source_that_changed_is_done_again(task: Task) -> None:
    journal = Journal(task.folder)
    result = task.folder / "a.wav.srt"
    result.write_text("1")
    assert journal.is_done(task, [result]), "somebody else's results count"
    journal.add(task, stamp(task), ok=True)
    task.source.write_bytes(b"another")
    assert journal.is_changed(task)
    assert not journal.is_done(task, [result])


def test_a_torn_line_costs_itself_only(task: Task) -> None:
    Journal(task.folder).add(task, stamp(task), ok=True)
    path = task.folder / NAME
    with path.open("ab") as file:
        file.write(b'{"source": "/x/y", "sta')  # the kill came here
    after = Journal(task.folder)
    assert after.record(task) is not None
    other = Task(task.source.with_name("b.wav"), task.folder, "b.wav")
    other.source.write_bytes(b"two")
    after.add(other, stamp(other), ok=True)
    again = Journal(task.folder)
    assert again.record(task) is not None
    assert again.record(other) is not None
    assert json.loads(path.read_bytes().splitlines()[-1])["source"].endswith("b.wav")


def test_what_another_run_adds_is_seen(task: Task) -> None:
    one, other = Journal(task.folder), Journal(task.folder)
    other.add(task, stamp(task), ok=True)
    assert one.record(task) is None
    one.refresh()
    assert one.record(task) is not None


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "file" / "out")


HOLD = """
import sys
from pathlib import Path
from pywhispercpp.batch.claims import Claims
from pywhispercpp.batch.tasks import Task
claims = Claims(Path(sys.argv[1]))
assert claims.take(Task(Path("a"), Path(sys.argv[1]), "a.wav"))
print("mine", flush=True)
sys.stdin.read()
"""


def test_a_claim_holds_until_its_process_is_killed(tmp_path: Path) -> None:
    mine, free = (Task(Path(name), tmp_path, name) for name in ("a.wav", "b.wav"))
    command = [sys.executable, "-c", HOLD, os.fspath(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        claims = Claims(tmp_path)
        assert not claims.take(mine)
        assert claims.take(free)
        other.kill()
        other.wait(60)
        assert claims.take(mine)
        claims.close()
