"""Turn: one worker's try at one task of the queue in Redis."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import threading
import uuid
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Optional

from pywhispercpp.segment import Segment
from pywhispercpp.server import stored_transcript
from pywhispercpp.server.queues.on_redis.link import AWAY, Link
from pywhispercpp.server.queues.on_redis.records import Records
from pywhispercpp.server.task import MAX_ATTEMPTS, Failure, Task
from pywhispercpp.server.transcriber import Outcome, Stopped, Transcriber, Watcher

__all__ = ["PAUSE_S", "Turn", "Workplace"]

logger = logging.getLogger("pywhispercpp.server")

BEAT_S = 0.5  # between signs of life; by them a turn learns that its task was cancelled
PAUSE_S = 1  # before the next try, when Redis is away


@dataclass(frozen=True)
class Workplace:
    """What all turns of one worker share.

    Attributes:
        folder: where audio is while it is worked on, in files without names: nothing is left of a crash.
        waiting: how many tasks wait, as far as is known.
        took: told what a task took, in seconds.
    """

    link: Link
    records: Records
    transcriber: Transcriber
    threads: Executor
    folder: Path
    waiting: Callable[[], int]
    took: Callable[[float], None]


class Turn(Watcher):
    """Takes a task, does it on a thread, keeps what comes of it, unless somebody else has it by then."""

    def __init__(self, place: Workplace, task_id: str) -> None:
        self._place = place
        self._id = task_id
        self._name = uuid.uuid4().hex
        self._stop = threading.Event()
        self._progress = 0
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Optional[Segment]] = asyncio.Queue()

    # --- What the thread tells, and asks ----------------------------------------------------------

    def segment(self, segment: Segment) -> None:
        """A segment was heard."""
        self._loop.call_soon_threadsafe(self._heard.put_nowait, segment)

    def progress(self, percent: int) -> None:
        """So much is done."""
        self._progress = max(0, min(100, percent))

    def is_stopped(self) -> bool:
        """Whether the task is not wanted any more, or not from this worker."""
        return self._stop.is_set()

    # --- The event loop's side --------------------------------------------------------------------

    async def take(self) -> None:
        """Do the task, where it is there and nobody does it. Cancelling this gives it back at once."""
        task = await self._place.records.take(self._id, self._name)
        if task is None:
            return
        if task.attempts >= MAX_ATTEMPTS:
            message = f"{task.attempts} workers ended while they worked on this"
            await self._conclude(task, Outcome(None, Failure("internal", message), {}))
            return
        task = task.started()
        if not await self._place.records.beat(task, self._name):
            return
        beating = asyncio.ensure_future(self._beat(task))
        publishing = asyncio.ensure_future(self._publish())
        try:
            outcome = await self._done(task)
            self._heard.put_nowait(None)
            await publishing
            await self._conclude(task, outcome)
        except Stopped:
            return
        except asyncio.CancelledError:
            self._stop.set()
            await self._give_back(task)
            raise
        finally:
            beating.cancel()
            publishing.cancel()

    async def _done(self, task: Task) -> Outcome:
        try:
            file = await self._fetched()
        except OSError as error:
            return Outcome(
                None, Failure("internal", f"the worker cannot store the audio: {error.strerror}"), {}
            )
        if file is None:
            return Outcome(None, Failure("internal", "its audio is gone"), {})
        try:
            return await self._loop.run_in_executor(self._place.threads, self._work, task, file)
        except Stopped:
            raise
        except Exception:
            logger.exception("task %s failed", task.id)
            return Outcome(None, Failure("internal", "it failed inside: see the worker's log"), {})

    def _work(self, task: Task, file: BinaryIO) -> Outcome:
        with file:
            path = Path(f"/proc/self/fd/{file.fileno()}")
            return self._place.transcriber.run(task, path, self, self._place.waiting())

    async def _fetched(self) -> BinaryIO | None:
        """The audio in a file without a name; None where it is gone."""
        file = await asyncio.to_thread(self._new_file)
        try:
            while True:
                try:
                    is_there = await self._place.records.fetch(self._id, file)
                    break
                except AWAY as error:
                    await self._wait_for_redis(error)
                    file.seek(0)
            await asyncio.to_thread(file.flush)
        except BaseException:
            file.close()
            raise
        if is_there:
            return file
        file.close()
        return None

    def _new_file(self) -> BinaryIO:
        file: BinaryIO = tempfile.TemporaryFile(dir=self._place.folder)  # noqa: SIM115 - the thread closes it
        return file

    async def _beat(self, task: Task) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(BEAT_S)
            try:
                is_mine = await self._place.records.beat(task, self._name, self._progress)
            except AWAY as error:
                self._place.link.lost(error)
                continue
            self._place.link.found()
            if not is_mine:
                self._stop.set()

    async def _publish(self) -> None:
        """Send what is heard to whoever listens: it may get lost, the transcript may not."""
        number = 0
        while (segment := await self._heard.get()) is not None:
            told = {"number": number, "segment": stored_transcript.segment_to_json(segment)}
            with suppress(*AWAY):
                await self._place.records.publish(self._id, json.dumps(told).encode())
            number += 1

    async def _conclude(self, task: Task, outcome: Outcome) -> None:
        failure, transcript = outcome.failure, outcome.transcript
        done = task.finished(**outcome.found) if failure is None else task.failed(failure)
        data = None
        if transcript is not None:
            data = await asyncio.to_thread(stored_transcript.dumps, transcript)
            self._place.took(done.processing_duration or 0)
        while not self._stop.is_set():
            try:
                await self._place.records.conclude(done, self._name, data)
                return
            except AWAY as error:
                await self._wait_for_redis(error)

    async def _wait_for_redis(self, error: BaseException) -> None:
        self._place.link.lost(error)
        await asyncio.sleep(PAUSE_S)
        if self._stop.is_set():
            raise Stopped

    async def _give_back(self, task: Task) -> None:
        with suppress(*AWAY):
            await self._place.records.release(task.given_back(), self._name)
