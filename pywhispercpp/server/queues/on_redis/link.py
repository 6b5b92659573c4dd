"""Link: the connection to Redis; what is wrong with it is told once, and never with its password."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.queues.base import QueueUnavailableError

__all__ = ["AWAY", "BLOCK_S", "Link"]

logger = logging.getLogger("pywhispercpp.server")

# What redis-py raises when Redis is away, or refuses.
AWAY = (exceptions.RedisError, ConnectionError, asyncio.TimeoutError)
TIMEOUT_S = 10  # without an answer for so long it is away
BLOCK_S = 5  # how long one command may wait for a task; less than TIMEOUT_S
OLDEST = (6, 2)  # the first that has every command that SAQ and this package use


class Link:
    """A pool of connections to one Redis."""

    def __init__(self, url: str) -> None:
        """url: redis://, rediss:// or unix://. Raises SettingsError; connects later, at the first command."""
        more: dict[str, Any] = {} if url.startswith("unix:") else {"socket_keepalive": True}
        try:
            self.redis: Any = Redis.from_url(
                url,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                # Once more, at once: connections of the pool do not outlive a restart of Redis.
                retry=Retry(NoBackoff(), 1, (exceptions.ConnectionError,)),
                **more,
            )
        except ValueError:  # its text may hold a piece of a password
            raise SettingsError(
                "queue: that is no address of a Redis: redis://[user:password@]host[:port][/number], "
                "rediss://… with TLS, unix:///path/of/socket; what is special in a password is %-encoded"
            ) from None
        known = self.redis.connection_pool.connection_kwargs
        self.address = known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}"
        self._is_away = False

    async def check(self) -> None:
        """Raise QueueUnavailableError where it does not answer, SettingsError where it is too old."""
        with self.told():
            server = await self.redis.info("server")
            persistence = await self.redis.info("persistence")
            memory = await self.redis.info("memory")
        version = str(server["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            raise SettingsError(f"queue: Redis at {self.address} is {version}: 6.2 or newer is needed")
        if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
            logger.warning(
                "Redis at %s drops what it likes when it is full (maxmemory-policy %s): tasks get lost then; "
                "set it to noeviction",
                self.address,
                memory["maxmemory_policy"],
            )
        if not persistence.get("aof_enabled"):
            logger.warning(
                "Redis at %s writes snapshots only: tasks that came after the last one are lost when it "
                "crashes; start it with --appendonly yes to keep them",
                self.address,
            )

    @contextmanager
    def told(self) -> Iterator[None]:
        """What redis-py raises becomes a QueueUnavailableError."""
        try:
            yield
        except AWAY as error:
            self.lost(error)
            raise QueueUnavailableError(f"queue: Redis at {self.address}: {_reason(error)}") from error
        self.found()

    def lost(self, error: BaseException) -> None:
        """Say that it is away, the first time."""
        if not self._is_away:
            self._is_away = True
            logger.error("Redis at %s cannot be used: %s", self.address, _reason(error))

    def found(self) -> None:
        """Say that it is back, where it was away."""
        if self._is_away:
            self._is_away = False
            logger.warning("Redis at %s is back", self.address)


def _reason(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__
