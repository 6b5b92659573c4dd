"""A client that goes away in the middle of a synchronous call: its session is free within a moment."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.pywhispercpp.server.conftest import StartService
from tests.service import Service, wait_for

MOMENT_S = 2  # on a busy machine: it is a tenth of that; what is heard here takes several times as long


def sent(service: Service, path: Path, route: str, **fields: str) -> socket.socket:
    """A connection that has sent a file, and waits for the answer."""
    files = {"file": ("talk.wav", path.read_bytes())}
    request = httpx.Request("POST", f"{service.url}{route}", data=fields, files=files)
    where = urlsplit(service.url)
    connection = socket.create_connection((str(where.hostname), where.port or 0))
    lines = [f"POST {route} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.read())
    return connection


def at_work(client: httpx.Client) -> bool:
    """Whether a task is worked on."""
    return "\npywhispercpp_tasks_processing 1.0\n" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        ("/v1/audio/transcriptions", {}),
        ("/v1/audio/transcriptions", {"stream": "true"}),
        ("/inference", {"response_format": "srt"}),
    ],
    ids=["openai", "openai-stream", "whisper-server"],
)
def test_a_session_is_free_when_its_client_is_gone(
    service: Service, client: httpx.Client, steady_speech: Path, route: str, fields: dict[str, str]
) -> None:
    with sent(service, steady_speech, route, **fields) as connection:
        wait_for(lambda: at_work(client))
        if "stream" in fields:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
    start = time.monotonic()
    wait_for(lambda: not at_work(client))
    assert time.monotonic() - start < MOMENT_S
    wait_for(lambda: not [*service.data_dir.glob("uploads/*"), *service.data_dir.glob("incoming/*")])
    assert "Traceback" not in service.log.read_text()
    counted = f'route="{route}",status="{200 if "stream" in fields else 499}"'
    wait_for(lambda: counted in client.get("/metrics").text)


def test_who_waits_and_goes_away_is_forgotten(
    start_service: StartService, steady_speech: Path, jfk: Path
) -> None:
    """Before its turn has come."""
    service = start_service(n_sessions=1)
    with service.client() as client, sent(service, steady_speech, "/inference"):
        wait_for(lambda: at_work(client))
        with sent(service, jfk, "/v1/audio/transcriptions"):
            wait_for(lambda: "\npywhispercpp_tasks_pending 1.0\n" in client.get("/metrics").text)
        wait_for(lambda: "\npywhispercpp_tasks_pending 0.0\n" in client.get("/metrics").text)
        wait_for(lambda: len(list(service.data_dir.glob("uploads/*"))) == 1)
        assert at_work(client)
