"""Jobs: SAQ's queue, which gives each task to one of the workers, in the order of their coming."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from saq.job import Job, Status
from saq.queue.redis import RedisQueue as SaqQueue

from pywhispercpp.server.queues.on_redis import scripts
from pywhispercpp.server.queues.on_redis.link import AWAY, Link
from pywhispercpp.server.queues.on_redis.records import LEASE_S, Records

__all__ = ["FUNCTION", "SWEEP_S", "Jobs"]

FUNCTION = "transcribe"
SWEEP_S = 2  # between looks for tasks of workers that died
PLACE_S = 60  # for which a place is kept for a task whose audio is on its way to Redis
PAUSE_S = 1  # before the next try, when Redis is away
FOR_EVER = (
    1_000_000  # times that SAQ tries a job: attempts are counted in the task, where orderly ends are none
)


class Jobs(SaqQueue):  # type: ignore[misc] # SAQ's types are not everywhere
    """One job for each task that is not done, with the task's id.

    Whether a worker is alive is in Records, by Redis's clock: SAQ's own sweep compares the clocks of
    machines, and takes a job that was fetched this moment for one that is lost. A job that is there twice
    does no harm: its task is given to one who asks.
    """

    def __init__(self, link: Link, records: Records, facts: Callable[[], dict[str, Any]] = dict) -> None:
        """facts: what a worker tells of itself, anew each time."""
        super().__init__(link.redis, name="pywhispercpp")
        self._link = link
        self._records = records
        self._facts = facts
        self._waiting = self.namespace("queued")
        self._admit = self.redis.register_script(scripts.ADMIT)
        self._first = self.redis.register_script(scripts.FIRST)
        self._missing_since: dict[str, float] = {}  # tasks that wait, but have no job
        self._quiet_until = 0.0

    async def admit(self, limit: int, task_id: str = "") -> int | None:
        """Keep a place for a task until leave(), where fewer than `limit` wait; else return how many do."""
        keys = [self._waiting, self._records.coming]
        waiting = int(await self._admit(keys=keys, args=[limit, task_id, PLACE_S * 1000]))
        return None if waiting < 0 else waiting

    async def leave(self, task_id: str) -> None:
        """Give back the place that was kept: the task is in the queue, or does not come."""
        await self.redis.zrem(self._records.coming, task_id)

    async def add(self, task_id: str) -> None:
        """Put a task at the end of the queue."""
        await self.enqueue(self._job(task_id))

    async def position(self, task_id: str) -> int | None:
        """Its place among those that wait."""
        index = await self.redis.lpos(self._waiting, self.job_id(task_id))
        return None if index is None else int(index) + 1

    async def discard(self, task_id: str) -> None:
        """Forget the job of a task that is gone or done."""
        await self.redis.lrem(self._waiting, 0, self.job_id(task_id))
        await self.finish(self._job(task_id), Status.ABORTED)

    # --- What SAQ's worker calls ------------------------------------------------------------------

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> Job | None:
        """Take the first job; while Redis is away, nothing after a pause, as otherwise SAQ asks at once."""
        try:
            job = await super().dequeue(timeout, poll_interval)
        except AWAY as error:
            self._link.lost(error)
            await asyncio.sleep(PAUSE_S)
            return None
        self._link.found()
        return job

    async def retry(self, job: Job, error: str | None) -> None:
        """Put a job that was broken off back into the queue, and in front of all others."""
        await super().retry(job, error)
        await self._first(keys=[self._waiting], args=[job.id])

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """Put tasks back into the queue on which nobody works any more; return their ids."""
        try:
            if time.monotonic() < self._quiet_until:
                return []
            return await self._swept()
        except AWAY as error:
            self._link.lost(error)
            # When it is back, all who work need a moment for a sign of life.
            self._quiet_until = time.monotonic() + LEASE_S
            return []

    async def disconnect(self) -> None:
        """Close all connections; SAQ's own asks Redis once more, which may be away."""
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()

    async def worker_info(self, worker_id: str, queue_key: str, metadata: Any = None, ttl: int = 60) -> Any:  # noqa: ANN401 - SAQ's
        """Tell what this worker is doing."""
        return await super().worker_info(worker_id, queue_key, metadata=self._facts(), ttl=ttl)

    async def _swept(self) -> list[str]:
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.smembers(self._records.undone)
            pipe.lrange(self._waiting, 0, -1)
            pipe.lrange(self.namespace("active"), 0, -1)
            members, queued, active = await pipe.execute()
        undone = [member.decode() for member in members]
        waiting = {self.job_key_from_id(one.decode()) for one in queued}
        for task_id in {self.job_key_from_id(one.decode()) for one in active}.difference(undone):
            await self.discard(task_id)
        missing, swept = {}, []
        for task_id, (is_there, holder, silent_s) in zip(undone, await self._records.holders(undone)):
            if not is_there:  # it was awaited by a service that is gone
                await self._records.remove(task_id)
                await self.discard(task_id)
            elif task_id in waiting or (holder and silent_s < LEASE_S):
                continue
            elif holder is None:
                # On its way to or from the queue, or lost on that way when somebody died.
                since = self._missing_since.get(task_id)
                missing[task_id] = since or time.monotonic()
                if since and time.monotonic() - since >= LEASE_S:
                    swept.append(task_id)
            elif await self._release(task_id, holder):
                swept.append(task_id)
        self._missing_since = missing
        for task_id in swept:
            await self.retry(self._job(task_id), "nobody works on it any more")
        return swept

    async def _release(self, task_id: str, holder: str) -> bool:
        task = await self._records.find(task_id)
        return task is not None and await self._records.release(task.again(), holder)

    def _job(self, task_id: str) -> Job:
        return Job(FUNCTION, key=task_id, queue=self, timeout=0, retries=FOR_EVER, ttl=-1)
