"""RedisQueue: tasks, audio and results in Redis, worked on by `pywhispercpp worker` on any machine."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server import stored_transcript
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.queues.base import DecoderState, QueueFullError, TaskQueue
from pywhispercpp.server.queues.embedded.listeners import Listeners
from pywhispercpp.server.queues.lifetime import keep_s
from pywhispercpp.server.queues.on_redis.jobs import SWEEP_S, Jobs
from pywhispercpp.server.queues.on_redis.link import AWAY, Link
from pywhispercpp.server.queues.on_redis.records import AWAITED_S, Records
from pywhispercpp.server.queues.pace import Pace
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import Task

__all__ = ["RedisQueue"]

logger = logging.getLogger("pywhispercpp.server")

FOLLOW_S = 5  # between looks at a task that somebody listens to; they also tell that it is waited for
PAUSE_S = 1  # before the next try, when Redis is away


class RedisQueue(TaskQueue):
    """Knows nothing that is not in Redis: any number of services may share one, and any of them may die."""

    def __init__(self, settings: Settings, folders: Folders) -> None:
        self._settings = settings
        self._folders = folders
        self._link: Link
        self._records: Records
        self._jobs: Jobs
        self._listeners = Listeners()
        self._upkeep: list[asyncio.Task[None]] = []
        # Asked beside cancelling, which redis-py may lose before Python 3.12 (in asyncio.wait_for()).
        self._is_closing = False

    async def start(self) -> None:
        """Connect. Raises QueueUnavailableError where Redis does not answer."""
        assert self._settings.queue is not None
        await asyncio.to_thread(self._folders.lock)
        await asyncio.to_thread(self._folders.clean, ())  # uploads that never came to Redis
        self._link = Link(self._settings.queue)
        self._records = Records(self._link.redis)
        self._jobs = Jobs(self._link, self._records)
        try:
            await self._link.check()
        except BaseException:
            await self._jobs.disconnect()
            raise
        is_listening = asyncio.Event()
        self._upkeep = [
            asyncio.create_task(self._listen(is_listening)),
            asyncio.create_task(self._sweep()),
        ]
        await is_listening.wait()

    async def stop(self) -> None:
        """Hang up; the tasks stay in Redis."""
        self._is_closing = True
        for one in self._upkeep:
            one.cancel()
        await asyncio.gather(*self._upkeep, return_exceptions=True)
        if self._upkeep:
            await self._jobs.disconnect()

    async def check_room(self) -> None:
        """Raise QueueFullError where no more may wait."""
        await self._admit("")

    async def submit(self, task: Task, audio: Path) -> None:
        """Take a task: it is in Redis when this returns."""
        await self._admit(task.id)
        try:
            with self._link.told():
                await self._records.add(task, audio, keep_s(task, self._settings))
                await self._jobs.add(task.id)
        except BaseException:
            # Also when the caller is cancelled: nobody has learnt its id.
            with suppress(*AWAY):
                await self._forget(task.id)
            raise
        finally:
            with suppress(*AWAY):
                await self._jobs.leave(task.id)
        await asyncio.to_thread(audio.unlink, missing_ok=True)

    async def find(self, task_id: str) -> Task | None:
        """The task as it is now."""
        with self._link.told():
            return await self._records.find(task_id)

    async def position(self, task_id: str) -> int | None:
        """Its place among those that wait."""
        with self._link.told():
            return await self._jobs.position(task_id)

    async def transcript(self, task_id: str) -> Transcript | None:
        """The result."""
        with self._link.told():
            data = await self._records.transcript(task_id)
        return None if data is None else await asyncio.to_thread(stored_transcript.loads, data)

    async def refresh(self, task_id: str) -> None:
        """Put off its expiry."""
        with self._link.told():
            await self._records.refresh(task_id)

    async def remove(self, task_id: str) -> None:
        """Cancel and forget a task."""
        with self._link.told():
            await self._forget(task_id)

    @asynccontextmanager
    async def watch(self, task_id: str) -> AsyncIterator[AsyncIterator[Segment]]:
        """Segments as they are heard."""
        with self._listeners.listening(task_id) as heard:
            following = asyncio.create_task(self._follow(task_id))
            try:
                yield heard
            finally:
                following.cancel()

    async def state(self) -> DecoderState:
        """What the workers say that they do."""
        with self._link.told():
            info = await self._jobs.info()
        workers = _facts(info)
        last = max(workers, key=lambda one: float(one["loaded_at"]), default={"last_model": None})
        return DecoderState(
            last_loaded_model=last["last_model"],
            is_model_loaded=any(one["is_loaded"] for one in workers),
            pending=info["queued"],
            processing=info["active"],
            received_at=time.time(),
        )

    async def expire(self) -> None:
        """Nothing: Redis itself forgets what has expired."""

    async def _admit(self, task_id: str) -> None:
        with self._link.told():
            info = await self._jobs.info()
            workers = _facts(info)
            sessions = sum(one["sessions"] for one in workers)
            # With room for none to wait, a task may still come where a worker has nothing to do.
            limit = self._settings.max_task_queue_size + max(0, sessions - info["active"])
            waiting = await self._jobs.admit(limit, task_id)
        if waiting is not None:
            means = [one["mean_s"] for one in workers if one["mean_s"]]
            mean_s = sum(means) / len(means) if means else 0.0
            raise QueueFullError(waiting, Pace(mean_s).retry_after_s(sessions))

    async def _forget(self, task_id: str) -> None:
        await self._records.remove(task_id)
        await self._jobs.discard(task_id)

    # --- What goes on beside ----------------------------------------------------------------------

    async def _sweep(self) -> None:
        """Give tasks of dead workers back to the queue, even where no worker is left to do it."""
        while not self._is_closing:
            await self._jobs.sweep()
            await asyncio.sleep(SWEEP_S)

    async def _listen(self, is_listening: asyncio.Event) -> None:
        """Hear what the workers publish, for all that listen here."""
        while not self._is_closing:
            try:
                async with self._link.redis.pubsub() as channel:
                    await channel.psubscribe(self._records.channel("*"))
                    while not self._is_closing:
                        message = await channel.get_message(timeout=FOLLOW_S)
                        if message is not None and message["type"] == "psubscribe":
                            is_listening.set()
                            self._link.found()
                        elif message is not None and message["type"] == "pmessage":
                            self._heard(message["channel"].decode(), message["data"])
            except AWAY as error:
                self._link.lost(error)
                await asyncio.sleep(PAUSE_S)

    def _heard(self, channel: str, data: bytes) -> None:
        task_id = channel.rpartition(":")[2]
        if task_id not in self._listeners:
            return
        if not data:
            self._listeners.end(task_id)
            return
        told = json.loads(data)
        segment = stored_transcript.segment_from_json(told["segment"])
        self._listeners.tell(task_id, segment, told["number"])

    async def _follow(self, task_id: str) -> None:
        """Tell Redis that a task is waited for; end the listening when the news of its end got lost."""
        was_there, last_seen = False, time.monotonic()
        while task_id in self._listeners:
            try:
                task = await self._records.find(task_id)
                if task is None and not was_there:
                    last_seen = time.monotonic()  # it has not come yet
                elif task is None or task.is_done:
                    break
                else:
                    was_there, last_seen = True, time.monotonic()
                    if task.is_awaited:
                        await self._records.keep_awaited(task_id)
            except AWAY as error:
                self._link.lost(error)
            if time.monotonic() - last_seen > AWAITED_S:  # then Redis has forgotten it too
                break
            await asyncio.sleep(FOLLOW_S)
        self._listeners.end(task_id)


def _facts(info: dict[str, Any]) -> list[dict[str, Any]]:
    return [worker["metadata"] for worker in info["workers"].values() if worker["metadata"]]
