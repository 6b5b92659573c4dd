"""Who holds a task in Redis, and what becomes of tasks that nobody holds: the real server, no workers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Callable

import pytest

from pywhispercpp.server.queues.on_redis import jobs
from pywhispercpp.server.queues.on_redis.jobs import Jobs
from pywhispercpp.server.queues.on_redis.link import Link
from pywhispercpp.server.queues.on_redis.records import AWAITED_S, CHUNK, LEASE_S, Records
from pywhispercpp.server.task import Failure, Task
from tests.redis_server import RedisServer

KEEP_S = 60


@pytest.fixture(autouse=True)
def clean(redis: RedisServer) -> Iterator[None]:
    """An empty Redis, before and after."""
    redis.ask("FLUSHALL")
    yield
    redis.ask("FLUSHALL")


@pytest.fixture
def run(redis: RedisServer) -> Callable[[Callable[[Records, Jobs], Awaitable[None]]], None]:
    """A function that lets a scenario work on that Redis."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[Records, Jobs]]:
        link = Link(redis.url)
        records = Records(link.redis)
        jobs = Jobs(link, records)
        try:
            yield records, jobs
        finally:
            await jobs.disconnect()

    async def scene(scenario: Callable[[Records, Jobs], Awaitable[None]]) -> None:
        async with opened() as (records, jobs):
            await scenario(records, jobs)

    return lambda scenario: asyncio.run(scene(scenario))


Run = Callable[[Callable[[Records, Jobs], Awaitable[None]]], None]


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A file of two parts and a bit."""
    path = tmp_path / "audio"
    path.write_bytes(bytes(range(256)) * (2 * CHUNK // 256) + b"end")
    return path


def _silence(redis: RedisServer, task: Task) -> None:
    """Let the last sign of life of a task's holder be long ago."""
    key = f"pywhispercpp:task:{task.id}"
    redis.ask("HINCRBY", key, "beat", str(-1000 * (LEASE_S + 1)))


def test_audio_comes_back_as_it_was_and_goes_when_the_task_is_done(
    run: Run, redis: RedisServer, audio: Path
) -> None:
    async def scenario(records: Records, jobs: Jobs) -> None:
        task = Task(model="tiny.en", options={"language": "en", "words": []}, file_name="ä\n.wav", owner="me")
        await records.add(task, audio, KEEP_S)
        assert redis.ask("TTL", f"pywhispercpp:audio:{task.id}") == "-1"  # it waits as long as it must
        assert await records.find(task.id) == task
        taken = await records.take(task.id, "a")
        assert taken == task
        file = io.BytesIO()
        assert await records.fetch(task.id, file)
        assert file.getvalue() == audio.read_bytes()
        done = task.started().finished(language="en")
        await records.conclude(done, "a", b"transcript")
        assert redis.keys_of_work() == []
        assert await records.transcript(task.id) == b"transcript"
        found = await records.find(task.id)
        assert found is not None and found.status == "finished" and found.time_expires
        assert 0 < int(redis.ask("TTL", f"pywhispercpp:task:{task.id}")) <= KEEP_S

    run(scenario)


def test_a_holder_that_was_believed_dead_spoils_nothing(run: Run, redis: RedisServer, audio: Path) -> None:
    async def scenario(records: Records, jobs: Jobs) -> None:
        task = Task(model="tiny.en")
        await records.add(task, audio, KEEP_S)
        await jobs.add(task.id)
        assert await records.take(task.id, "a")
        assert await records.beat(task.started(), "a", 40)
        found = await records.find(task.id)
        assert found is not None and (found.status, found.progress, found.attempts) == ("processing", 40, 1)
        assert await records.take(task.id, "b") is None  # it is held

        _silence(redis, task)
        again = await records.take(task.id, "b")
        assert again is not None and again.attempts == 1
        assert not await records.beat(task.started(), "a", 50)
        assert not await records.release(task.again(), "a")
        await records.conclude(task.failed(Failure("internal", "late")), "a", None)
        await records.conclude(again.started().finished(), "b", b"of b")
        found = await records.find(task.id)
        assert found is not None and (found.status, found.attempts) == ("finished", 2)
        assert await records.transcript(task.id) == b"of b"
        assert await records.take(task.id, "c") is None  # it is done

    run(scenario)


def test_tasks_of_the_dead_go_to_the_front_of_the_queue(run: Run, redis: RedisServer, audio: Path) -> None:
    async def scenario(records: Records, jobs: Jobs) -> None:
        working, waiting = Task(model="tiny.en"), Task(model="tiny.en")
        for task in (working, waiting):
            await records.add(task, audio, KEEP_S)
            await jobs.add(task.id)
        job = await jobs.dequeue(1)
        assert job is not None and job.key == working.id
        assert await records.take(working.id, "a") and await records.beat(working.started(), "a")
        assert await jobs.sweep() == []
        assert await jobs.position(working.id) is None and await jobs.position(waiting.id) == 1

        _silence(redis, working)
        assert await jobs.sweep() == [working.id]
        found = await records.find(working.id)
        assert found is not None and (found.status, found.attempts) == ("pending", 1)
        assert await jobs.position(working.id) == 1 and await jobs.position(waiting.id) == 2
        assert await jobs.count("active") == 0
        assert await jobs.sweep() == []

    run(scenario)


def test_a_job_that_got_lost_on_its_way_is_made_again(
    run: Run, redis: RedisServer, audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LEASE_S", 0)  # nobody needs time here

    async def scenario(records: Records, jobs: Jobs) -> None:
        never_queued, lost = Task(model="tiny.en"), Task(model="tiny.en")
        for task in (never_queued, lost):
            await records.add(task, audio, KEEP_S)
        await jobs.add(lost.id)
        assert await jobs.dequeue(1)  # and then the worker dies
        assert await jobs.sweep() == []  # it may just be on its way
        assert sorted(await jobs.sweep()) == sorted([never_queued.id, lost.id])
        assert await jobs.count("queued") == 2 and await jobs.count("active") == 0

    run(scenario)


def test_what_nobody_waits_for_any_more_leaves_nothing(run: Run, redis: RedisServer, audio: Path) -> None:
    async def scenario(records: Records, jobs: Jobs) -> None:
        waiting, working = Task(model="tiny.en", is_awaited=True), Task(model="tiny.en", is_awaited=True)
        for task in (working, waiting):
            await records.add(task, audio, KEEP_S)
            await jobs.add(task.id)
        assert await jobs.dequeue(1) and await records.take(working.id, "a")
        for task in (waiting, working):
            for kind in ("task", "audio"):
                key = f"pywhispercpp:{kind}:{task.id}"
                assert AWAITED_S - 5 < int(redis.ask("TTL", key)) <= AWAITED_S
                redis.ask("PEXPIRE", key, "10000")
            await records.keep_awaited(task.id)
            assert int(redis.ask("TTL", f"pywhispercpp:audio:{task.id}")) > AWAITED_S - 5
            # The service died, and half a minute is over.
            redis.ask("DEL", f"pywhispercpp:task:{task.id}", f"pywhispercpp:audio:{task.id}")
        assert not await records.beat(working.started(), "a")  # who works on it stops
        await jobs.sweep()
        assert redis.keys_of_work() == []

    run(scenario)


def test_places_of_those_that_are_coming_count(run: Run) -> None:
    async def scenario(records: Records, jobs: Jobs) -> None:
        assert await jobs.admit(2, "a") is None and await jobs.admit(2, "b") is None
        assert await jobs.admit(2, "c") == 2 and await jobs.admit(2) == 2
        await jobs.leave("a")
        assert await jobs.admit(2) is None

    run(scenario)
