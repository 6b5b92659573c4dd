"""What is said of a Redis that cannot be used, and what never is: its password."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.queues.base import QueueUnavailableError
from pywhispercpp.server.queues.on_redis.link import Link
from tests.redis_server import PASSWORD, RedisServer


@pytest.mark.parametrize(
    "url", ["http://u:s3cret@host", "redis://u:s3cret/x@host", "redis://u:s3cret@host:port", "s3cret"]
)
def test_what_is_no_address_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(SettingsError, match="redis://") as refused:
        Link(url)
    assert "s3cret" not in str(refused.value)


def test_it_is_away_once_and_back_once(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        wrong = Link(redis.url.replace(PASSWORD, "wr0ng"))
        for _ in range(3):
            with pytest.raises(QueueUnavailableError, match=f"127.0.0.1:{redis.port}: "):
                await wrong.check()
        wrong.found()
        wrong.found()
        await wrong.redis.aclose()

    with caplog.at_level(logging.INFO, "pywhispercpp.server"):
        asyncio.run(scenario())
    first, second = (record.getMessage() for record in caplog.records)
    assert "cannot be used: " in first and second == f"Redis at 127.0.0.1:{redis.port} is back"
    assert "wr0ng" not in caplog.text


def test_a_redis_that_may_forget_is_told_of(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        link = Link(redis.url)
        await link.check()
        careless = {"appendonly": "no", "maxmemory": "1gb", "maxmemory-policy": "allkeys-lru"}
        careful = {"appendonly": "yes", "maxmemory": "0", "maxmemory-policy": "noeviction"}
        try:
            await link.redis.config_set(*(word for pair in careless.items() for word in pair))
            await link.check()
        finally:
            await link.redis.config_set(*(word for pair in careful.items() for word in pair))
            await link.redis.aclose()

    asyncio.run(scenario())
    evicting, snapshots = (record.getMessage() for record in caplog.records)
    assert "set it to noeviction" in evicting and "--appendonly yes" in snapshots


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_without_a_redis_neither_starts(command: str, tmp_path: Path, tiny_en: Path) -> None:
    flags = [f"--model={tiny_en}", f"--data-dir={tmp_path / 'data'}", f"--log-dir={tmp_path / 'logs'}"]
    ended = subprocess.run(
        [sys.executable, "-m", "pywhispercpp", command, "--queue=redis://:s3cret@127.0.0.1:1", *flags],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PORT": "0"},
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "pywhispercpp: queue: Redis at 127.0.0.1:1: " in ended.stderr
    assert "Traceback" not in ended.stderr and "s3cret" not in ended.stderr
