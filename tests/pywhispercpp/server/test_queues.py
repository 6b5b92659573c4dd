"""What both queues promise, asked without HTTP: the one in this process, and Redis with a worker."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Callable

import pytest

from pywhispercpp.server.catalogue import Catalogue
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.queues.base import QueueFullError, TaskQueue
from pywhispercpp.server.queues.embedded.queue import EmbeddedQueue
from pywhispercpp.server.service import make_engine
from pywhispercpp.server.settings import load
from pywhispercpp.server.task import Task
from pywhispercpp.server.transcriber import Transcriber
from tests.redis_server import RedisServer
from tests.service import JFK_WORDS, Worker, words

OpenQueue = Callable[..., AbstractAsyncContextManager[TaskQueue]]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def redis_with_worker(
    redis: RedisServer, tmp_path_factory: pytest.TempPathFactory, tiny_en: Path
) -> Iterator[RedisServer]:
    """A Redis of whose tasks one worker does one at a time."""
    folder = tmp_path_factory.mktemp("worker")
    worker = Worker(folder, model=tiny_en, queue=redis.url, n_sessions=1, n_threads=1).start()
    yield redis
    assert worker.stop() == 0
    assert redis.keys_of_work() == []


@pytest.fixture(params=["embedded", "redis"])
def open_queue(request: pytest.FixtureRequest, tmp_path: Path, tiny_en: Path) -> OpenQueue:
    """A factory of queues with settings of their own and one session, open as long as the with block."""
    given: dict[str, Any] = {
        "model": str(tiny_en),
        "data_dir": tmp_path / "tasks",
        "n_sessions": 1,
        "n_threads": 1,
    }
    if request.param == "redis":
        given["queue"] = request.getfixturevalue("redis_with_worker").url
    return lambda **more: _opened({**given, **more})


@asynccontextmanager
async def _opened(given: dict[str, Any]) -> AsyncIterator[TaskQueue]:
    settings = load(**given)
    folders = Folders(settings.data_dir)
    engine = make_engine(settings, Catalogue(settings))
    queue: TaskQueue
    if settings.queue is None:
        queue = EmbeddedQueue(settings, engine, Transcriber(engine, settings), folders)
    else:
        from pywhispercpp.server.queues.on_redis.queue import RedisQueue

        queue = RedisQueue(settings, folders)
    await queue.start()
    try:
        yield queue
        assert not [path for path in settings.data_dir.glob("*/*") if path.is_file()]  # nothing lies about
    finally:
        await queue.stop()
        engine.close()
        folders.unlock()


async def _submit(queue: TaskQueue, speech: Path, tmp_path: Path, **more: Any) -> Task:  # noqa: ANN401
    """Give a copy of a file to a queue, as an upload."""
    # A part of the encoder's window is enough for what is brief here.
    task = Task(model="tiny.en", options={"language": "en", "audio_ctx": 384}, **more)
    await queue.submit(task, Path(shutil.copy(speech, tmp_path / task.id)))
    return task


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not await look():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


async def _has(queue: TaskQueue, task: Task, status: str) -> bool:
    found = await queue.find(task.id)
    return found is not None and found.status == status


def test_segments_are_heard_as_they_come_and_then_the_result_is_there(
    open_queue: OpenQueue, long_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue() as queue:
            task = Task(model="tiny.en", options={"language": "en"}, owner="me", file_name="a.wav")
            progress = []
            async with queue.watch(task.id) as segments:
                await queue.submit(task, Path(shutil.copy(long_speech, tmp_path / "upload")))
                heard = []
                async for segment in segments:
                    heard.append(segment)
                    progress.append(await queue.find(task.id))
            done = await queue.find(task.id)
            transcript = await queue.transcript(task.id)
            assert done is not None and transcript is not None
            assert (done.status, done.progress, done.attempts, done.owner) == ("finished", 100, 1, "me")
            assert done.language == "en" and done.duration == pytest.approx(44)
            assert words(transcript.text) == JFK_WORDS * 4
            assert [(s.t0, s.t1, s.text) for s in heard] == [(s.t0, s.t1, s.text) for s in transcript]
            assert [token.id for s in heard for token in s.tokens]
            # The first came before the end.
            assert progress[0] is not None and progress[0].status == "processing"
            state = await queue.state()
            assert (state.last_loaded_model, state.is_model_loaded, state.pending) == ("tiny.en", True, 0)
            async with queue.watch(task.id) as more:  # of one that is done there is nothing to hear
                assert [segment async for segment in more] == []
            await queue.remove(task.id)

    asyncio.run(scenario())


def test_a_removed_task_ends_for_those_who_work_and_for_those_who_listen(
    open_queue: OpenQueue, long_speech: Path, brief_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue() as queue:
            task = Task(model="tiny.en", options={"language": "en"})
            async with queue.watch(task.id) as segments:
                await queue.submit(task, Path(shutil.copy(long_speech, tmp_path / "upload")))
                await segments.__anext__()
                await queue.remove(task.id)
                await asyncio.wait_for(_read(segments), PATIENCE_S)
            assert await queue.find(task.id) is None and await queue.transcript(task.id) is None
            after = await _submit(queue, brief_speech, tmp_path)
            await _until(lambda: _has(queue, after, "finished"))
            assert await queue.find(task.id) is None  # what was heard of it does not bring it back
            await queue.remove(after.id)

    async def _read(segments: AsyncIterator[Any]) -> None:
        async for _ in segments:
            pass

    asyncio.run(scenario())


def test_results_live_as_long_as_they_should(
    open_queue: OpenQueue, brief_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue(delete_results_after_m=0) as queue:
            at_once = await _submit(queue, brief_speech, tmp_path)
            awaited = await _submit(queue, brief_speech, tmp_path, is_awaited=True)
            await _until(lambda: _has(queue, awaited, "finished"))
            await queue.expire()
            assert await queue.find(at_once.id) is None and await queue.transcript(at_once.id) is None
            assert await queue.transcript(awaited.id) is not None
            await queue.remove(awaited.id)
        async with open_queue(delete_results_after_m=2) as queue:
            task = await _submit(queue, brief_speech, tmp_path)
            await _until(lambda: _has(queue, task, "finished"))
            first = await queue.find(task.id)
            assert first is not None and first.time_expires is not None
            assert first.time_expires == pytest.approx(time.time() + 120, abs=10)
            await asyncio.sleep(0.01)  # its time is told in milliseconds
            await queue.refresh(task.id)
            second = await queue.find(task.id)
            assert second is not None and second.time_expires is not None
            assert second.time_expires > first.time_expires
            await queue.remove(task.id)

    asyncio.run(scenario())


def test_with_room_for_none_a_task_comes_where_somebody_has_nothing_to_do(
    open_queue: OpenQueue, long_speech: Path, brief_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue(max_task_queue_size=0) as queue:
            task = await _submit(queue, long_speech, tmp_path)
            await _until(lambda: _has(queue, task, "processing"))
            with pytest.raises(QueueFullError, match="0 tasks are waiting"):
                await queue.check_room()
            with pytest.raises(QueueFullError) as refused:
                await _submit(queue, brief_speech, tmp_path)
            assert refused.value.retry_after_s >= 1
            await queue.remove(task.id)
            await _until(lambda: _is_idle(queue))

    asyncio.run(scenario())


async def _is_idle(queue: TaskQueue) -> bool:
    return not (await queue.state()).processing


def test_one_of_many_that_come_at_once_gets_the_last_place(
    open_queue: OpenQueue, long_speech: Path, brief_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue(max_task_queue_size=1) as queue:
            working = await _submit(queue, long_speech, tmp_path)
            await _until(lambda: _has(queue, working, "processing"))
            came = await asyncio.gather(
                *(_submit(queue, brief_speech, tmp_path) for _ in range(8)), return_exceptions=True
            )
            taken = [one for one in came if isinstance(one, Task)]
            assert len(taken) == 1
            assert all(isinstance(one, (Task, QueueFullError)) for one in came)
            for task in (taken[0], working):
                await queue.remove(task.id)
            await _until(lambda: _is_idle(queue))

    asyncio.run(scenario())


def test_a_submission_that_is_cancelled_leaves_nothing(
    open_queue: OpenQueue, steady_speech: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with open_queue() as queue:
            for pause in (0, 0.001, 0.01):
                upload = Path(shutil.copy(steady_speech, tmp_path / "upload"))
                task = Task(model="tiny.en")
                submitting = asyncio.ensure_future(queue.submit(task, upload))
                await asyncio.sleep(pause)
                submitting.cancel()
                with suppress(asyncio.CancelledError):
                    await submitting
                    await queue.remove(task.id)  # it was quicker
                assert await queue.find(task.id) is None
                assert await queue.position(task.id) is None
            await _until(lambda: _is_idle(queue))

    asyncio.run(scenario())


def test_what_is_no_audio_fails_with_its_reason(open_queue: OpenQueue, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_queue() as queue:
            (tmp_path / "text.wav").write_text("no audio")
            task = await _submit(queue, tmp_path / "text.wav", tmp_path, file_name="text.wav")
            await _until(lambda: _has(queue, task, "failed"))
            failed = await queue.find(task.id)
            assert failed is not None and failed.failure is not None
            assert failed.failure.kind == "input" and "text.wav" in failed.failure.message
            assert await queue.transcript(task.id) is None
            await queue.remove(task.id)

    asyncio.run(scenario())
