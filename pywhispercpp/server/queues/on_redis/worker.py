"""The process of a worker: does tasks of a queue in Redis, on this machine or any other."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from saq.worker import Worker

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.catalogue import Catalogue
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.queues.on_redis.jobs import FUNCTION, SWEEP_S, Jobs
from pywhispercpp.server.queues.on_redis.link import AWAY, BLOCK_S, Link
from pywhispercpp.server.queues.on_redis.records import Records
from pywhispercpp.server.queues.on_redis.turn import PAUSE_S, Turn, Workplace
from pywhispercpp.server.queues.pace import Pace
from pywhispercpp.server.service import make_engine
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.transcriber import Transcriber

__all__ = ["run"]

logger = logging.getLogger("pywhispercpp.server")

INFO_S = 2  # between what a worker tells of itself; SAQ forgets it a second later
RARELY_S = 60  # between looks for what this package does not use of SAQ: jobs for later, jobs to abort


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is begun then is given to another worker.

    Raises PywhispercppError: Redis does not answer, or the model cannot be loaded.
    """
    _make_folder(settings)
    catalogue = Catalogue(settings)
    engine = make_engine(settings, catalogue)
    work = _Work(settings, engine)
    try:
        await work.link.check()
        if settings.load_model_on_startup:
            await asyncio.to_thread(engine.preload, catalogue.default)
        logger.info("ready: %d tasks at once for Redis at %s", work.sessions, work.link.address)
        await work.go_on()
    finally:
        await work.close()
        await asyncio.to_thread(engine.close)


class _Work:
    """What one worker does, and what it tells of itself."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        assert settings.queue is not None
        self.sessions = settings.sessions
        self.link = Link(settings.queue)
        self._engine = engine
        self._pace = Pace()
        self._loaded: tuple[str | None, float] = (None, 0.0)
        self._waiting = 0
        records = Records(self.link.redis)
        self._jobs = Jobs(self.link, records, self._facts)
        self._threads = ThreadPoolExecutor(self.sessions, "worker")
        self._place = Workplace(
            self.link,
            records,
            Transcriber(engine, settings),
            self._threads,
            settings.data_dir,
            lambda: self._waiting,
            self._pace.took,
        )

    async def go_on(self) -> None:
        """Do tasks until a signal comes."""
        for name in ("saq", "asyncio"):
            logging.getLogger(name).addFilter(_is_news)
        logging.getLogger("saq").setLevel(logging.ERROR)  # it warns of tasks that are given back in order
        timers = {"sweep": SWEEP_S, "worker_info": INFO_S, "schedule": RARELY_S, "abort": RARELY_S}
        worker = Worker(
            self._jobs,
            [(FUNCTION, self._do)],
            concurrency=self.sessions,
            timers=timers,
            dequeue_timeout=BLOCK_S,
        )
        await worker.start()

    async def close(self) -> None:
        """Wait for the threads, which were told to stop."""
        await asyncio.to_thread(self._threads.shutdown)
        await self._jobs.disconnect()

    async def _do(self, context: dict[str, Any]) -> None:
        try:
            self._waiting = await self._jobs.count("queued")
            await Turn(self._place, context["job"].key).take()
        except AWAY as error:  # SAQ tries again, at once if it can
            self.link.lost(error)
            await asyncio.sleep(PAUSE_S)
            raise

    def _facts(self) -> dict[str, Any]:
        """What the service wants to know of its workers."""
        last = self._engine.last_name
        if last != self._loaded[0]:
            self._loaded = (last, time.time())
        return {
            "sessions": self.sessions,
            "last_model": last,
            "loaded_at": self._loaded[1],
            "is_loaded": self._engine.name is not None,
            "mean_s": self._pace.mean_s,
        }


def _make_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"data_dir={str(settings.data_dir)!r}: it cannot be made: {error.strerror}"
        ) from error


def _is_news(record: logging.LogRecord) -> bool:
    """Without what SAQ and asyncio tell of a Redis that is away: Link tells it once."""
    return not (record.exc_info and isinstance(record.exc_info[1], AWAY))
