"""EmbeddedQueue: tasks in SQLite, audio in files, worked on by threads of this process."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server import stored_transcript
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.queues.base import DecoderState, QueueFullError, TaskQueue
from pywhispercpp.server.queues.embedded.listeners import Listeners
from pywhispercpp.server.queues.embedded.shelf import Shelf
from pywhispercpp.server.queues.lifetime import has_expired, with_expiry
from pywhispercpp.server.queues.pace import Pace
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import Failure, Task
from pywhispercpp.server.transcriber import Outcome, Stopped, Transcriber, Watcher

__all__ = ["EmbeddedQueue"]

logger = logging.getLogger("pywhispercpp.server")

REFRESH_S = 60  # a longer life is written down when it is so much longer


class EmbeddedQueue(TaskQueue):
    """All that lives is in memory too, so that questions are answered without the disk."""

    def __init__(
        self, settings: Settings, engine: Engine, transcriber: Transcriber, folders: Folders
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._transcriber = transcriber
        self._shelf = Shelf(settings, folders)
        self._changed = threading.Condition()
        self._tasks: dict[str, Task] = {}
        self._waiting: dict[str, None] = {}  # in order
        self._stops: dict[str, threading.Event] = {}  # of the tasks that are worked on
        self._listeners = Listeners()
        self._pace = Pace()
        self._is_closing = False
        self._threads: list[threading.Thread] = []

    async def start(self) -> None:
        """Go on with what an earlier process left."""
        await asyncio.to_thread(self._recover)
        for number in range(self._settings.sessions):
            thread = threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    async def stop(self) -> None:
        """Break off the work; the tasks stay in the database, and are done by the next process."""
        with self._changed:
            self._is_closing = True
            for stop in self._stops.values():
                stop.set()
            self._changed.notify_all()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        await asyncio.to_thread(self._shelf.close)

    async def check_room(self) -> None:
        """Raise QueueFullError where no more may wait."""
        with self._changed:
            self._check_room()

    async def submit(self, task: Task, audio: Path) -> None:
        """Take a task: it is on the disk when this returns."""
        with self._changed:
            self._check_room()
            # Its place is taken now, its turn comes when it is on the disk.
            self._tasks[task.id] = task
            self._pace.coming += 1
        writing = asyncio.ensure_future(asyncio.to_thread(self._shelf.add, task, audio))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # The thread writes on: what it has written must go again.
            await asyncio.gather(writing, return_exceptions=True)
            await self.remove(task.id)
            raise
        except BaseException:
            with self._changed:
                self._tasks.pop(task.id, None)
            raise
        finally:
            with self._changed:
                self._pace.coming -= 1
        with self._changed:
            if task.id in self._tasks:
                self._waiting[task.id] = None
                self._changed.notify()

    async def find(self, task_id: str) -> Task | None:
        """The task as it is now."""
        with self._changed:
            task = self._tasks.get(task_id)
        if task is not None and has_expired(task):
            await self.remove(task_id)
            return None
        return task

    async def position(self, task_id: str) -> int | None:
        """Its place among those that wait."""
        with self._changed:
            if task_id not in self._waiting:
                return None
            return list(self._waiting).index(task_id) + 1

    async def transcript(self, task_id: str) -> Transcript | None:
        """The result, out of the database."""
        if await self.find(task_id) is None:
            return None
        data = await asyncio.to_thread(self._shelf.transcript, task_id)
        return None if data is None else stored_transcript.loads(data)

    async def refresh(self, task_id: str) -> None:
        """Put off its expiry."""
        with self._changed:
            old = self._tasks.get(task_id)
            if old is None or old.time_expires is None:
                return
            task = with_expiry(old, self._settings)
            self._tasks[task_id] = task
        if (task.time_expires or 0) - old.time_expires > REFRESH_S:
            await asyncio.to_thread(self._shelf.update, task)

    async def remove(self, task_id: str) -> None:
        """Cancel and forget a task."""
        with self._changed:
            if self._tasks.pop(task_id, None) is None:
                return
            self._waiting.pop(task_id, None)
            stop = self._stops.get(task_id)
            if stop is not None:
                stop.set()  # who works on it removes the audio
        self._listeners.end(task_id)
        await asyncio.to_thread(self._shelf.remove, task_id, stop is None)

    @asynccontextmanager
    async def watch(self, task_id: str) -> AsyncIterator[AsyncIterator[Segment]]:
        """Segments as they are heard."""
        with self._listeners.listening(task_id) as heard:
            with self._changed:
                task = self._tasks.get(task_id)
            if task is not None and task.is_done:
                self._listeners.end(task_id)
            yield heard

    async def state(self) -> DecoderState:
        """What the threads are doing."""
        with self._changed:
            return DecoderState(
                last_loaded_model=self._engine.last_name,
                is_model_loaded=self._engine.name is not None,
                pending=len(self._waiting),
                processing=len(self._stops),
                received_at=time.time(),
            )

    async def expire(self) -> None:
        """Forget what has expired."""
        with self._changed:
            old = [task.id for task in self._tasks.values() if has_expired(task)]
        for task_id in old:
            await self.remove(task_id)

    def _check_room(self) -> None:
        waiting = len(self._waiting) + self._pace.coming
        # With room for none to wait, a task may still come where somebody has nothing to do.
        free = len(self._threads) - len(self._stops)
        if waiting >= self._settings.max_task_queue_size + max(0, free):
            raise QueueFullError(waiting, self._pace.retry_after_s(len(self._threads)))

    def _recover(self) -> None:
        for task in self._shelf.open():
            self._tasks[task.id] = task
            if not task.is_done:
                self._waiting[task.id] = None

    # --- The threads that work --------------------------------------------------------------------

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                self._do(task)
            except Exception:  # a full disk, for one: the next task may still be done
                logger.exception("task %s: what came of it cannot be kept", task.id)
                failure = Failure("internal", "the result could not be kept: see the log")
                self._end(with_expiry(task.failed(failure), self._settings))
            finally:
                with self._changed:
                    self._stops.pop(task.id, None)

    def _next(self) -> Task | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or self._waiting)
            if self._is_closing:
                return None
            task_id = next(iter(self._waiting))
            del self._waiting[task_id]
            task = self._tasks[task_id] = self._tasks[task_id].started()
            self._stops[task_id] = threading.Event()
        return task

    def _do(self, task: Task) -> None:
        self._shelf.update(task)
        watcher = _Report(self, task.id, self._stops[task.id])
        audio = self._shelf.audio(task.id)
        with self._changed:
            waiting = len(self._waiting)
        try:
            outcome = self._transcriber.run(task, audio, watcher, waiting)
        except Stopped:
            if task.id in self._tasks:
                self._shelf.update(task.given_back())
            else:
                self._shelf.remove_audio(task.id)
            return
        except Exception:
            logger.exception("task %s failed", task.id)
            outcome = Outcome(None, Failure("internal", "it failed inside: see the service's log"), {})
        self._conclude(task, outcome)
        self._shelf.remove_audio(task.id)

    def _conclude(self, task: Task, outcome: Outcome) -> None:
        failure = outcome.failure
        done = task.finished(**outcome.found) if failure is None else task.failed(failure)
        done = with_expiry(done, self._settings)
        transcript = outcome.transcript
        data = None if transcript is None else stored_transcript.dumps(transcript)
        self._shelf.update(done, data)
        self._pace.took(done.processing_duration or 0)
        self._end(done)

    def _end(self, done: Task) -> None:
        """Tell that a task is done, unless it was removed."""
        with self._changed:
            if done.id in self._tasks:
                self._tasks[done.id] = done
        self._listeners.end(done.id)

    def heard(self, task_id: str, segment: Segment) -> None:
        """A thread has heard a segment."""
        self._listeners.tell(task_id, segment)

    def done_so_far(self, task_id: str, percent: int) -> None:
        """A thread has done so much."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is not None and task.status == "processing":
                self._tasks[task_id] = dataclasses.replace(task, progress=max(0, min(100, percent)))


class _Report(Watcher):
    """What a thread tells the queue about its task."""

    def __init__(self, queue: EmbeddedQueue, task_id: str, stop: threading.Event) -> None:
        self._queue = queue
        self._task_id = task_id
        self._stop = stop

    def segment(self, segment: Segment) -> None:
        self._queue.heard(self._task_id, segment)

    def progress(self, percent: int) -> None:
        self._queue.done_so_far(self._task_id, percent)

    def is_stopped(self) -> bool:
        return self._stop.is_set()
