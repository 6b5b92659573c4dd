"""Real services for the tests: processes of the installed command, with real weights."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import httpx
import pytest

from tests.redis_server import RedisServer
from tests.service import Service

StartService = Callable[..., Service]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, tiny_en: Path, silero: Path) -> Iterator[Service]:
    """One service for the tests that leave it as it is: tiny.en, no keys."""
    running = Service(tmp_path_factory.mktemp("service"), model=tiny_en).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """An HTTP client of that service."""
    with service.client() as client:
        yield client


@pytest.fixture
def start_service(tmp_path: Path, tiny_en: Path, silero: Path) -> Iterator[StartService]:
    """A factory of services with settings of their own, ended with the test."""
    started: list[Service] = []

    def start(*, wait: bool = True, environment: dict[str, str] | None = None, **settings: object) -> Service:
        folder = tmp_path / f"service-{len(started)}"
        running = Service(folder, environment, **{"model": tiny_en, **settings}).start(wait)
        started.append(running)
        return running

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def long_speech(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two windows of speech: jfk.wav four times."""
    return _repeated(jfk, 4, tmp_path_factory.mktemp("speech") / "long.wav")


@pytest.fixture(scope="session")
def steady_speech(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes of speech: work that goes on while a test looks at something else."""
    return _repeated(jfk, 30, tmp_path_factory.mktemp("speech") / "steady.wav")


@pytest.fixture(scope="session")
def endless_speech(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour of speech, that no machine has heard before a test is over."""
    return _repeated(jfk, 164, tmp_path_factory.mktemp("speech") / "endless.wav")


@pytest.fixture(scope="session")
def brief_speech(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two seconds of jfk.wav."""
    path = tmp_path_factory.mktemp("speech") / "brief.wav"
    with wave.open(str(jfk)) as whole, wave.open(str(path), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(2 * whole.getframerate()))
    return path


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the tests that let it run."""
    running = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield running
    running.stop()


def _repeated(speech: Path, times: int, path: Path) -> Path:
    with wave.open(str(speech)) as one, wave.open(str(path), "wb") as many:
        many.setparams(one.getparams())
        frames = one.readframes(one.getnframes())
        for _ in range(times):
            many.writeframes(frames)
    return path
