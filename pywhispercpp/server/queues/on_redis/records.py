"""Records: tasks in Redis with their audio and their results, and who works on them."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any, BinaryIO

from pywhispercpp.server.queues.on_redis import scripts
from pywhispercpp.server.task import Task

__all__ = ["AWAITED_S", "LEASE_S", "Records"]

PREFIX = "pywhispercpp"
CHUNK = 1 << 20  # bytes of audio in one field
LEASE_S = 5  # a worker that says nothing for so long is gone
AWAITED_S = 30  # a task that a service waits for lives so long after the last sign of life from that service
COMING_S = 600  # audio of which no task came is forgotten after so long


class Records:
    """One hash for each task, one for its audio, and the set of those that are not done.

    Fields of a task: task (its JSON), parts (of its audio), keep (ms that its result will live), and then
    transcript, expires. While it is worked on: holder (a name for that one try), beat (its last sign of
    life), progress. Moments are ms by Redis's own clock: those of the machines need not agree. Every change
    by a worker takes that it still is the holder: one that was believed to be gone spoils nothing.
    """

    def __init__(self, redis: Any) -> None:  # noqa: ANN401 - redis-py's types are not everywhere
        self.redis = redis
        self.undone = f"{PREFIX}:undone"
        self.coming = f"{PREFIX}:coming"
        self._take = redis.register_script(scripts.TAKE)
        self._beat = redis.register_script(scripts.BEAT)
        self._put = redis.register_script(scripts.PUT)
        self._release = redis.register_script(scripts.RELEASE)
        self._conclude = redis.register_script(scripts.CONCLUDE)
        self._refresh = redis.register_script(scripts.REFRESH)

    def channel(self, task_id: str) -> str:
        """Where segments of a task are published; "*" for all."""
        return f"{PREFIX}:heard:{task_id}"

    # --- The service's side -----------------------------------------------------------------------

    async def add(self, task: Task, audio: Path, keep_s: float) -> None:
        """Keep a new task; it is there when all of its audio is. keep_s: how long its result will live."""
        parts = 0
        # Opened here: a thread's file would be nobody's to close where the caller is cancelled meanwhile.
        with audio.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                # Numbered: a command that is sent twice changes nothing.
                await self.redis.hset(self._audio(task.id), str(parts), chunk)
                await self.redis.expire(self._audio(task.id), COMING_S)
                parts += 1
        lives_ms = AWAITED_S * 1000 if task.is_awaited else 0
        await self._put(
            keys=[self._task(task.id), self._audio(task.id), self.undone],
            args=[task.id, task.to_json(), parts, int(keep_s * 1000), lives_ms],
        )

    async def find(self, task_id: str) -> Task | None:
        """The task as it is now."""
        text, progress, expires = await self.redis.hmget(self._task(task_id), "task", "progress", "expires")
        if text is None:
            return None
        task = Task.from_json(text)
        if task.status == "processing" and progress:
            return dataclasses.replace(task, progress=int(progress))
        return dataclasses.replace(task, time_expires=int(expires) / 1000) if expires else task

    async def transcript(self, task_id: str) -> bytes | None:
        """The transcript of a finished task."""
        data: bytes | None = await self.redis.hget(self._task(task_id), "transcript")
        return data

    async def refresh(self, task_id: str) -> None:
        """Let a result live as long again."""
        await self._refresh(keys=[self._task(task_id)])

    async def keep_awaited(self, task_id: str) -> None:
        """Tell that somebody still waits for a task."""
        for key in (self._task(task_id), self._audio(task_id)):
            await self.redis.pexpire(key, AWAITED_S * 1000)

    async def remove(self, task_id: str) -> None:
        """Forget a task; who works on it learns it by the next beat."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.delete(self._task(task_id), self._audio(task_id))
            pipe.srem(self.undone, task_id)
            pipe.publish(self.channel(task_id), b"")
            await pipe.execute()

    # --- The side of those who work ---------------------------------------------------------------

    async def take(self, task_id: str, holder: str) -> Task | None:
        """Become the holder of a task; None where it is gone or done, or somebody else is working on it."""
        args = [task_id, holder, LEASE_S * 1000]
        if not await self._take(keys=[self._task(task_id), self.undone], args=args):
            return None
        text = await self.redis.hget(self._task(task_id), "task")
        return None if text is None else Task.from_json(text)

    async def beat(self, task: Task, holder: str, progress: int = 0) -> bool:
        """Give a sign of life, and tell how the task is; False where its holder is not this one any more."""
        args = [holder, task.to_json(), progress]
        return bool(await self._beat(keys=[self._task(task.id)], args=args))

    async def fetch(self, task_id: str, file: BinaryIO) -> bool:
        """Write the audio of a task into a file; False where it is not all there."""
        parts = int(await self.redis.hget(self._task(task_id), "parts") or 0)
        for number in range(parts):
            chunk = await self.redis.hget(self._audio(task_id), str(number))
            if chunk is None:
                return False
            await asyncio.to_thread(file.write, chunk)
        return parts > 0

    async def publish(self, task_id: str, message: bytes) -> None:
        """Tell all services what was heard."""
        await self.redis.publish(self.channel(task_id), message)

    async def conclude(self, done: Task, holder: str, transcript: bytes | None) -> None:
        """Keep what came of a task, unless its holder is another by now."""
        keys = [self._task(done.id), self._audio(done.id), self.undone, self.channel(done.id)]
        await self._conclude(keys=keys, args=[holder, done.id, done.to_json(), transcript or b""])

    async def release(self, waiting: Task, holder: str) -> bool:
        """Let a task wait again, unless its holder is another by now."""
        return bool(await self._release(keys=[self._task(waiting.id)], args=[holder, waiting.to_json()]))

    # --- The side of those who look after the rest ------------------------------------------------

    async def holders(self, task_ids: list[str]) -> list[tuple[bool, str | None, float]]:
        """Of each task whether it is there, its holder, and the seconds since the last sign of life."""
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.time()
            for task_id in task_ids:
                pipe.hmget(self._task(task_id), "parts", "holder", "beat")
            (seconds, micros), *rows = await pipe.execute()
        now = seconds + micros / 1e6
        return [
            (parts is not None, holder and holder.decode(), now - int(beat or 0) / 1000)
            for parts, holder, beat in rows
        ]

    def _task(self, task_id: str) -> str:
        return f"{PREFIX}:task:{task_id}"

    def _audio(self, task_id: str) -> str:
        return f"{PREFIX}:audio:{task_id}"
