"""A client that goes away in the middle of a synchronous call: its session is free within a moment."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service import Service, wait_for

MOMENT_S = 3  # on a busy machine; what is heard here takes several times as long


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
    ],
    ids=["openai", "openai-stream"],
)
def test_a_session_is_free_when_its_client_is_gone(
    service: Service, client: httpx.Client, endless_speech: Path, route: str, fields: dict[str, str]
) -> None:
    with sent(service, endless_speech, route, **fields) as connection:
        wait_for(lambda: at_work(client))
        if "stream" in fields:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
    start = time.monotonic()
    wait_for(lambda: not at_work(client))
    assert time.monotonic() - start < MOMENT_S
    assert not list(service.data_dir.glob("uploads/*")) + list(service.data_dir.glob("incoming/*"))
    assert "Traceback" not in service.log.read_text()
    assert f'route="{route}",status="{200 if "stream" in fields else 499}"' in client.get("/metrics").text
