"""Service: the core below all dialects. It takes recordings, follows them, and gives their transcripts."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pywhispercpp import decode
from pywhispercpp.errors import AudioError, ModelNotFoundError, OptionError, PywhispercppError
from pywhispercpp.extras import require
from pywhispercpp.model import Model
from pywhispercpp.models import vad_model
from pywhispercpp.option_rules import checked
from pywhispercpp.options import BY_NAME
from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server.access import Access
from pywhispercpp.server.catalogue import Catalogue
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.exchange import Exchange
from pywhispercpp.server.folders import Folders
from pywhispercpp.server.live_stream import LivePlaces
from pywhispercpp.server.metrics import Metrics
from pywhispercpp.server.problems import KEEPING_ERRORS, Problem, of_failure, of_full_queue, of_keeping
from pywhispercpp.server.queues.base import QueueFullError, TaskQueue
from pywhispercpp.server.queues.embedded.queue import EmbeddedQueue
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import Task
from pywhispercpp.server.transcriber import Transcriber
from pywhispercpp.server.uploads import StoredFile

__all__ = ["Recording", "Service", "make_engine"]

logger = logging.getLogger("pywhispercpp.server")

LAZY_CHECK_S = 3600  # between looks for expired results of which nobody asks, where those are lazy


@dataclass(frozen=True)
class Recording:
    """What a dialect asks for: the upload, and how it is to become text."""

    file: StoredFile
    owner: str
    model: str | None = None
    translate: bool = False
    options: Mapping[str, Any] | None = None


class Service:
    """All that the routes of a dialect need."""

    def __init__(self, settings: Settings) -> None:
        """Get ready; start() begins. Raises SettingsError."""
        self.settings = settings
        self.access = Access(settings)
        self.catalogue = Catalogue(settings)
        self.engine = make_engine(settings, self.catalogue)
        self.exchange = Exchange(self.catalogue, self.engine, is_shared=settings.queue is not None)
        self.folders = Folders(settings.data_dir)
        self.metrics = Metrics()
        self.live_places = LivePlaces(settings.max_live_sessions, self.metrics.live)
        self.queue: TaskQueue = self._queue()
        self._housekeeping: list[asyncio.Task[None]] = []

    def _queue(self) -> TaskQueue:
        if self.settings.queue is None:
            return EmbeddedQueue(
                self.settings, self.engine, Transcriber(self.engine, self.settings), self.folders
            )
        require("saq", "redis", "a queue in Redis")
        from pywhispercpp.server.queues.on_redis.queue import RedisQueue

        return RedisQueue(self.settings, self.folders)

    async def start(self) -> None:
        """Begin. Raises PywhispercppError, a model that cannot be loaded among them."""
        if self.settings.load_model_on_startup and self.settings.queue is None:
            await asyncio.to_thread(self.engine.preload, self.catalogue.default)
            if self.settings.max_live_sessions:
                # Not waited for: without it live streams cut speech by its loudness.
                threading.Thread(target=_have_vad_model, args=(self.settings,), daemon=True).start()
        await self.queue.start()
        self._housekeeping.append(asyncio.create_task(self._expire_now_and_then()))

    async def stop(self) -> None:
        """End; what is not done is done by the next process."""
        for task in self._housekeeping:
            task.cancel()
        await self.queue.stop()
        await asyncio.to_thread(self.engine.close)
        self.folders.unlock()

    async def check_room(self) -> None:
        """Raise Problem 503 where no more tasks may wait."""
        try:
            await self.queue.check_room()
        except QueueFullError as error:
            self.metrics.refused.inc()
            raise of_full_queue(error) from None

    def model_name(self, asked: str | None) -> str:
        """Return the model that a request means; raises Problem 404 for one that is not served."""
        try:
            return self.catalogue.resolve(asked)
        except ModelNotFoundError as error:
            raise Problem(404, str(error), "model_not_found", "model") from None

    async def accept(self, recording: Recording, dialect: str) -> Task:
        """Check a recording and put it into the queue. Raises Problem."""
        task = await self._checked(recording, is_awaited=False)
        await self._submit(task, recording.file, dialect)
        return task

    async def find(self, task_id: str, owner: str) -> Task | None:
        """The task of that id, where it is this owner's."""
        task = await self.queue.find(task_id)
        return task if task is not None and task.owner == owner else None

    async def transcript(self, task: Task) -> Transcript:
        """The result of a finished task; it lives on for being read, where the settings say so."""
        found = await self.queue.transcript(task.id)
        if found is None:
            raise Problem(404, "the result has expired", "expired")
        if self.settings.refresh_expiration_time_on_usage:
            await self.queue.refresh(task.id)
        return found

    async def hear(self, recording: Recording, dialect: str) -> tuple[Task, Transcript]:
        """Transcribe while the caller waits; cancelling this frees the session. Raises Problem."""
        task = await self._checked(recording, is_awaited=True)
        async with self._followed(task, recording.file, dialect) as segments:
            async for _ in segments:
                pass
            return await self._result(task.id)

    async def hear_live(
        self, recording: Recording, dialect: str
    ) -> AsyncGenerator[Segment | tuple[Task, Transcript], None]:
        """The same, with each segment as it is heard; last comes what hear() returns. Raises Problem."""
        task = await self._checked(recording, is_awaited=True)
        async with self._followed(task, recording.file, dialect) as segments:
            async for segment in segments:
                yield segment
            yield await self._result(task.id)

    @asynccontextmanager
    async def _followed(
        self, task: Task, file: StoredFile, dialect: str
    ) -> AsyncIterator[AsyncIterator[Segment]]:
        """Submit a task that is forgotten in the end, however that comes."""
        async with self.queue.watch(task.id) as segments:
            submitting = asyncio.ensure_future(self._submit(task, file, dialect))
            try:
                await asyncio.shield(submitting)
                yield segments
            finally:
                # Even when the caller is cancelled: the session must be freed, and nothing half taken stay.
                await asyncio.shield(self._forget(task.id, submitting))

    async def _forget(self, task_id: str, submitting: asyncio.Future[None]) -> None:
        await asyncio.wait({submitting})
        if submitting.exception() is None:
            # Where the queue is away it forgets by itself what nobody waits for.
            with suppress(*KEEPING_ERRORS):
                await self.queue.remove(task_id)

    async def _result(self, task_id: str) -> tuple[Task, Transcript]:
        try:
            task = await self.queue.find(task_id)
            transcript = await self.queue.transcript(task_id)
        except KEEPING_ERRORS as error:
            raise of_keeping(error) from None
        if task is not None and task.failure is not None:
            raise of_failure(task.failure)
        if task is None or transcript is None:
            raise Problem(503, "the task was cancelled", "cancelled")
        return task, transcript

    async def _checked(self, recording: Recording, is_awaited: bool) -> Task:
        """The task for a recording that can be one. Raises Problem."""
        name = self.model_name(recording.model)
        options = dict(recording.options or {})
        try:
            checked({key: value for key, value in options.items() if key in BY_NAME})
        except OptionError as error:
            raise Problem(400, str(error), "invalid_option") from None
        self.check_language(name, options.get("language"), recording.translate)
        try:
            await asyncio.to_thread(_probe, recording.file)
        except AudioError as error:
            raise Problem(400, str(error), "invalid_audio", "file") from None
        return Task(
            model=name,
            task_type="translate" if recording.translate else "transcribe",
            options=options,
            owner=recording.owner,
            file_name=recording.file.filename or "",
            is_awaited=is_awaited,
        )

    def check_language(self, name: str, language: str | None, translate: bool) -> None:
        """Refuse what a model for English alone would not do. Raises Problem 400."""
        if (translate or (language or "auto").lower() not in ("auto", "en", "english")) and (
            not self.catalogue.is_multilingual(name)
        ):
            raise Problem(
                400,
                f"{name} knows English only: ask for a multilingual model"
                + (" to translate" if translate else f" for language={language!r}"),
                "invalid_language",
                "language",
            )

    async def _submit(self, task: Task, file: StoredFile, dialect: str) -> None:
        try:
            await self.queue.submit(task, file.path)
        except QueueFullError as error:
            self.metrics.refused.inc()
            raise of_full_queue(error) from None
        except KEEPING_ERRORS as error:
            raise of_keeping(error) from None
        self.metrics.accepted.labels(dialect).inc()

    async def _expire_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(60 * self.settings.run_result_expiry_check_m or LAZY_CHECK_S)
            with suppress(Exception):
                await self.queue.expire()


def make_engine(settings: Settings, catalogue: Catalogue) -> Engine:
    """The engine that loads models as the settings say."""
    sessions = settings.sessions + settings.max_live_sessions

    def load(name: str) -> Model:
        return Model(
            catalogue.source(name),
            settings.models_dir,
            backend=settings.backend,
            context_params={"use_gpu": settings.use_gpu_if_available},
            n_sessions=sessions,
        )

    return Engine(load, settings.unload_model_after_s)


def _have_vad_model(settings: Settings) -> None:
    try:
        vad_model(models_dir=settings.models_dir)
    except PywhispercppError as error:
        logger.warning("live streams will cut speech by its loudness: %s", error)


def _probe(file: StoredFile) -> None:
    name = file.filename or "the file"
    if not file.size:
        raise AudioError(f"{name} is empty (0 bytes)")
    with Path(file.path).open("rb") as opened:
        decode.probe(opened, name)
