"""What the queues are made of: tasks, folders, listeners, and the guess at when to come again."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pywhispercpp.errors import SettingsError
from pywhispercpp.segment import Segment
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.queues.embedded.listeners import Listeners
from pywhispercpp.server.queues.lifetime import has_expired, with_expiry
from pywhispercpp.server.queues.pace import Pace
from pywhispercpp.server.settings import load
from pywhispercpp.server.task import Failure, Task


def test_a_task_goes_through_its_life_and_through_json() -> None:
    task = Task(model="tiny.en", options={"language": "en"}, owner="me", file_name="ä\x00.wav")
    begun = task.started()
    assert (begun.status, begun.attempts, begun.progress) == ("processing", 1, 0) and begun.time_started
    again = replace(begun, progress=50).again()
    assert (again.status, again.attempts, again.progress, again.time_started) == ("pending", 1, 0, None)
    assert begun.given_back() == task
    done = again.started().finished(language="en", duration=11.0)
    assert (done.status, done.attempts, done.progress, done.language) == ("finished", 2, 100, "en")
    assert done.is_done and (done.processing_duration or -1) >= 0
    failed = begun.failed(Failure("internal", "it failed"))
    assert failed.is_done and failed.failure == Failure("internal", "it failed")
    for one in (task, begun, again, done, failed):
        assert Task.from_json(one.to_json()) == one
    assert len({Task(model="a").id for _ in range(100)}) == 100


def test_a_result_that_a_call_waits_for_is_kept_for_it() -> None:
    settings = load(delete_results_after_m=0)
    task = Task(model="tiny.en")
    assert not has_expired(task)
    assert has_expired(with_expiry(task, settings))
    assert not has_expired(with_expiry(replace(task, is_awaited=True), settings))


def test_folders_are_for_one_process_at_a_time(tmp_path: Path) -> None:
    first, second = Folders(tmp_path), Folders(tmp_path)
    first.lock()
    with pytest.raises(SettingsError, match=r"data_dir='.*': another service works there: give each its own"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_folder_that_cannot_be_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="it cannot be made: Not a directory"):
        Folders(tmp_path / "file" / "folder")
    folders = Folders(tmp_path / "tasks")
    (tmp_path / "tasks" / "lock").mkdir()
    with pytest.raises(SettingsError, match="it cannot be written to: Is a directory"):
        folders.lock()


def test_uploads_of_nothing_are_cleaned_away(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    incoming = folders.new_incoming()
    incoming.write_bytes(b"audio")
    folders.take_over(incoming, "wanted")
    assert not incoming.exists() and folders.audio("wanted").read_bytes() == b"audio"
    folders.audio("unwanted").write_bytes(b"")
    folders.new_incoming().write_bytes(b"half")
    folders.clean({"wanted"})
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["wanted"]
    folders.remove_audio("wanted")
    folders.remove_audio("wanted")  # twice is no error
    assert not list(tmp_path.rglob("wanted"))


def test_listeners_hear_from_threads_until_the_end() -> None:
    segments = [Segment(t0=n, t1=n + 1, text=str(n)) for n in range(3)]
    listeners = Listeners()

    async def scenario() -> None:
        with listeners.listening("a") as first, listeners.listening("a") as second:
            with listeners.listening("b"):
                assert "b" in listeners

            def work() -> None:
                for segment in segments:
                    listeners.tell("a", segment)
                listeners.tell("b", segments[0])
                listeners.end("a")

            thread = threading.Thread(target=work)
            thread.start()
            assert [one async for one in first] == segments
            assert [one async for one in second] == segments
            thread.join()
        assert "a" not in listeners and "b" not in listeners

    asyncio.run(scenario())


def test_what_is_told_again_is_heard_once() -> None:
    listeners = Listeners()

    async def scenario() -> list[str]:
        with listeners.listening("a") as heard:
            for number in (0, 1, 0, 1, 2):  # who worked on it died after the second, another began anew
                listeners.tell("a", Segment(t0=0, t1=1, text=str(number)), number)
            listeners.end("a")
            return [one.text async for one in heard]

    assert asyncio.run(scenario()) == ["0", "1", "2"]


def test_the_guess_follows_what_tasks_take() -> None:
    pace = Pace()
    assert pace.retry_after_s(2) == 1
    pace.took(30)
    assert pace.retry_after_s(2) == 15
    assert pace.retry_after_s(0) == 30  # nobody works just now
    for _ in range(50):
        pace.took(4)
    assert pace.retry_after_s(1) == 5
    assert Pace(1e9).retry_after_s(1) == 3600
