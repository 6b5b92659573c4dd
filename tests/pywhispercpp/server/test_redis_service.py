"""A service whose work is done by way of Redis: calls that wait, a service that dies, a Redis away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pywhispercpp.server.queues.on_redis.jobs import Jobs
from pywhispercpp.server.queues.on_redis.link import Link
from pywhispercpp.server.queues.on_redis.records import LEASE_S, Records
from pywhispercpp.server.task import Task
from tests.deployment import Deployment
from tests.redis_server import PASSWORD, RedisServer
from tests.service import JFK_WORDS, Process, wait_for, words


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of these tests' own, which they stop."""
    running = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def deployment(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory, tiny_en: Path
) -> Iterator[Deployment]:
    """A service and a worker with one session."""
    running = Deployment(tmp_path_factory.mktemp("redis-service"), server, n_workers=1, model=tiny_en)
    yield running
    for process in (running.service, *running.workers):
        assert "Traceback" not in process.said()
        assert PASSWORD not in process.said()
    running.stop()


def test_a_call_that_waits_gets_its_segments_and_its_text(deployment: Deployment, jfk: Path) -> None:
    with jfk.open("rb") as file:
        answer = deployment.client.post(
            "/v1/audio/transcriptions",
            files={"file": ("jfk.wav", file)},
            data={"model": "whisper-1", "stream": "true"},
        )
    assert answer.status_code == 200
    assert answer.text.count("transcript.text.delta") >= 1 and "transcript.text.done" in answer.text
    with jfk.open("rb") as file:
        answer = deployment.client.post("/v1/audio/transcriptions", files={"file": ("jfk.wav", file)})
    assert words(answer.json()["text"]) == JFK_WORDS
    assert deployment.leftovers() == []


def test_a_client_that_goes_away_frees_the_worker(
    deployment: Deployment, steady_speech: Path, brief_speech: Path
) -> None:
    with (
        steady_speech.open("rb") as file,
        deployment.client.stream(
            "POST", "/v1/audio/transcriptions", files={"file": ("a.wav", file)}, data={"stream": "true"}
        ) as answer,
    ):
        assert next(answer.iter_lines())  # it is at work
    wait_for(lambda: not deployment.leftovers())
    deployment.wait(deployment.taken(brief_speech), "finished")


def test_a_full_redis_refuses_and_keeps_what_it_has(
    deployment: Deployment, server: RedisServer, steady_speech: Path, brief_speech: Path
) -> None:
    task = deployment.taken(brief_speech)
    earlier = deployment.wait(task, "finished")
    server.ask("CONFIG", "SET", "maxmemory", "8mb")
    try:
        assert deployment.send(steady_speech).status_code == 503
        assert deployment.status(task) == earlier
        assert deployment.leftovers() == []
    finally:
        server.ask("CONFIG", "SET", "maxmemory", "0")
    deployment.wait(deployment.taken(brief_speech), "finished")


def test_a_task_that_a_dead_service_waited_for_is_not_done_for_nobody(
    deployment: Deployment, server: RedisServer, steady_speech: Path, brief_speech: Path
) -> None:
    def call() -> None:
        with pytest.raises(httpx.HTTPError), steady_speech.open("rb") as file:
            deployment.client.post("/v1/audio/transcriptions", files={"file": ("a.wav", file)})

    calling = threading.Thread(target=call)
    calling.start()
    wait_for(lambda: server.ask("LLEN", "saq:pywhispercpp:active") == "1")
    deployment.service.kill()
    calling.join()
    (task,) = server.ask("SMEMBERS", "pywhispercpp:undone").split()
    assert int(server.ask("PTTL", f"pywhispercpp:task:{task}")) > 0
    for kind in ("task", "audio"):  # half a minute later
        server.ask("PEXPIRE", f"pywhispercpp:{kind}:{task}", "1")
    deployment.service.start()
    deployment.client = deployment.service.client()
    wait_for(lambda: not deployment.leftovers())
    deployment.wait(deployment.taken(brief_speech), "finished")


def test_while_redis_is_away_the_service_says_so_and_then_all_goes_on(
    deployment: Deployment, server: RedisServer, long_speech: Path, brief_speech: Path
) -> None:
    working = deployment.taken(long_speech)
    deployment.wait(working, "processing")
    waiting = deployment.taken(brief_speech)
    server.stop()
    answers = [deployment.send(brief_speech)]
    for route in (f"status?task_id={working}", "decoder_status"):
        answers.append(deployment.client.get(f"/api/v1/{route}"))
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert answer.json() == {"detail": "the queue of this service does not answer just now: try again"}
    assert deployment.client.get("/health").status_code == 200
    _wait_until_said(deployment.workers[0], "cannot be used")
    server.start()
    for task in (working, waiting):
        deployment.wait(task, "finished")
        assert deployment.kept(task)["attempts"] == 1
    assert deployment.leftovers() == []
    for process in (deployment.service, *deployment.workers):
        _wait_until_said(process, "is back")
        assert process.said().count("cannot be used: Error 111") == 1  # Connection refused


def _wait_until_said(process: Process, words: str) -> None:
    wait_for(lambda: words in process.said())


def test_those_who_work_get_a_moment_when_redis_is_back(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis").start()

    async def scenario() -> None:
        link = Link(server.url)
        records = Records(link.redis)
        jobs = Jobs(link, records)
        task = Task(model="tiny.en")
        (tmp_path / "audio").write_bytes(b"audio")
        await records.add(task, tmp_path / "audio", 60)
        assert await records.take(task.id, "a")
        server.stop()
        assert await jobs.sweep() == []
        server.start()
        server.ask("HINCRBY", f"pywhispercpp:task:{task.id}", "beat", str(-1000 * (LEASE_S + 1)))
        assert await jobs.sweep() == []
        assert await Jobs(link, records).sweep() == [task.id]  # one who did not see it go away
        await jobs.disconnect()

    try:
        asyncio.run(scenario())
    finally:
        server.stop()
