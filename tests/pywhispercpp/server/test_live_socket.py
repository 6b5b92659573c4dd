"""WebSocket /v1/stream: raw audio in, partial and final text out, and whatever a client may do wrong."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pywhispercpp import audio
from tests.pywhispercpp.server.conftest import StartService
from tests.service import JFK_WORDS, Service, wait_for, words

PATIENCE_S = 60
SECOND = 16000


def opened(service: Service, **options: Any) -> ClientConnection:  # noqa: ANN401 - connect()'s own
    """A connection to the stream of a service."""
    url = service.url.replace("http", "ws", 1) + "/v1/stream"
    socket: ClientConnection = connect(url, open_timeout=PATIENCE_S, proxy=None, **options)
    return socket


def begin(socket: ClientConnection, **fields: object) -> dict[str, Any]:
    """Send the first message; return the answer."""
    socket.send(json.dumps({"type": "start", **fields}))
    return received(socket)


def received(socket: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(socket.recv(PATIENCE_S)))


def rest(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    """What comes until the service closes."""
    try:
        while True:
            yield received(socket)
    except ConnectionClosed:
        pass


def send_in_chunks(socket: ClientConnection, data: bytes, size: int = 3201) -> None:
    """Odd by default: samples are cut in two."""
    for first in range(0, len(data), size):
        socket.send(data[first : first + size])


def stopped(socket: ClientConnection) -> list[dict[str, Any]]:
    """All that comes after stop."""
    socket.send('{"type": "stop"}')
    found = list(rest(socket))
    assert found and found[-1] == {"type": "done"}, found
    assert socket.protocol.close_code == 1000
    return found[:-1]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    return words(" ".join(one["text"] for one in messages if one["type"] == "final"))


@pytest.fixture(scope="module")
def s16le(jfk: Path) -> bytes:
    with wave.open(str(jfk)) as file:
        assert file.getframerate() == SECOND
        return bytes(file.readframes(file.getnframes()))


def test_text_comes_while_audio_does(service: Service, s16le: bytes) -> None:
    with opened(service) as socket:
        assert begin(socket, step_ms=1500) == {"type": "ready", "model": "tiny.en"}
        send_in_chunks(socket, s16le[: 4 * SECOND])  # two seconds
        partial = received(socket)
        assert partial["type"] == "partial" and partial["number"] == 0
        assert words(partial["text"])[:1] == ["and"]
        send_in_chunks(socket, s16le[4 * SECOND :])
        found = stopped(socket)
    last = [one for one in found if one["type"] == "final"]
    assert finals(found) == JFK_WORDS
    assert last[0]["confirmed"] == len(words(last[0]["text"])) or len(last) > 1
    heard = [word for one in last for word in one["words"]]
    assert words(" ".join(word["word"] for word in heard)) == JFK_WORDS
    assert all(0 <= one["start"] <= one["end"] <= 11.1 for one in (*heard, *last))
    assert all(0 < word["probability"] <= 1 for word in heard)


@pytest.mark.parametrize(
    ("encoding", "rate"), [("pcm_f32le", 16000), ("pcm_s16le", 48000), ("pcm_f32le", 22050)]
)
def test_encodings_and_rates(service: Service, jfk: Path, encoding: str, rate: int) -> None:
    samples = audio.load(jfk)[: 7 * SECOND // 2]
    places = np.arange(samples.size * rate // SECOND) * SECOND / rate
    at_rate = np.interp(places, np.arange(samples.size), samples)
    kind = "<f4" if encoding == "pcm_f32le" else "<i2"
    data = (at_rate * (1 if kind == "<f4" else 32767)).astype(kind).tobytes()
    with opened(service) as socket:
        assert begin(socket, encoding=encoding, sample_rate=rate, step_ms=0)["type"] == "ready"
        send_in_chunks(socket, data, 100_001)
        found = stopped(socket)
    assert [one["type"] for one in found if one["type"] != "final"] == []
    assert finals(found)[:5] == JFK_WORDS[:5]


def live_sessions(service: Service, headers: dict[str, str] | None = None) -> int:
    """What /metrics counts."""
    with service.client(headers) as client:
        text = client.get("/metrics").text
    return int(float(text.split("\npywhispercpp_live_sessions ")[1].split()[0]))


def refused(socket: ClientConnection, code: str, close: int = 1008) -> str:
    """Expect an error with this code, and the end; return its message."""
    found = [one for one in rest(socket) if one["type"] == "error"]
    assert [one["code"] for one in found] == [code]
    assert socket.protocol.close_code == close
    return str(found[0]["message"])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no JSON", "invalid_message"),
        ("[]", "invalid_message"),
        ("[" * 19_000, "invalid_message"),
        ("9" * 19_000, "invalid_message"),
        (b"\x00\x01", "invalid_message"),
        ('{"type": "stop"}', "invalid_message"),
        ('{"type": "start", "typo": 1}', "invalid_message"),
        ('{"type": "start", "sample_rate": "16000"}', "invalid_message"),
        ('{"type": "start", "sample_rate": 7999}', "invalid_message"),
        ('{"type": "start", "sample_rate": 1e400}', "invalid_message"),
        ('{"type": "start", "encoding": "mp3"}', "invalid_message"),
        ('{"type": "start", "model": "../../etc/passwd"}', "model_not_found"),
        ('{"type": "start", "model": "\\u0000\\ud800"}', "model_not_found"),
        ('{"type": "start", "language": "klingon"}', "invalid_language"),
        ('{"type": "start", "language": "de"}', "invalid_language"),
        ('{"type": "start", "step_ms": 1}', "invalid_option"),
        ('{"type": "start", "length_ms": 100000000}', "invalid_option"),
        ('{"type": "start", "prompt": "' + "x" * 20_000 + '"}', "too_large"),
    ],
)
def test_a_wrong_first_message(service: Service, message: str | bytes, code: str) -> None:
    with opened(service) as socket:
        socket.send(message)
        refused(socket, code)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no JSON", "invalid_message"),
        ('{"type": "start"}', "invalid_message"),
        (np.full(9, np.nan, "<f4").tobytes(), "invalid_audio"),
        (np.full(9, 1e30, "<f4").tobytes(), "invalid_audio"),
    ],
)
def test_a_wrong_later_message(service: Service, message: str | bytes, code: str) -> None:
    with opened(service) as socket:
        assert begin(socket, encoding="pcm_f32le", sample_rate=44100)["type"] == "ready"
        socket.send(message)
        refused(socket, code)


def test_no_audio_at_all(service: Service) -> None:
    with opened(service) as socket:
        begin(socket)
        assert stopped(socket) == []


def test_a_huge_message_ends_the_stream(service: Service) -> None:
    with opened(service) as socket:
        begin(socket)
        with pytest.raises(ConnectionClosed):  # while it is sent, or after it
            socket.send(bytes(20_000_000))
            list(rest(socket))
            raise ConnectionClosed(None, None)
        assert socket.protocol.close_code in (1009, 1006)  # 1006: it was closed before all was sent
    wait_for(lambda: not live_sessions(service))


def test_text_that_is_no_text(service: Service) -> None:
    with opened(service) as socket:
        socket.send(b"\xff\xfe{}", text=True)
        list(rest(socket))
        assert socket.protocol.close_code == 1007


def test_one_that_vanishes_frees_its_place(service: Service, s16le: bytes) -> None:
    with opened(service) as socket:
        begin(socket, length_ms=30_000)
        send_in_chunks(socket, s16le * 5, 100_000)  # a minute, more than it hears in a while
        assert live_sessions(service) == 1
        socket.socket.close()
        wait_for(lambda: not live_sessions(service), 5)


def test_more_than_may_be(service: Service) -> None:
    with opened(service) as one, opened(service) as two, opened(service) as three:
        begin(one), begin(two)
        three.send('{"type": "start"}')
        assert "max_live_sessions" in refused(three, "too_many_live_sessions", 1013)
        stopped(one)
    wait_for(lambda: not live_sessions(service))
    with opened(service) as again:
        assert begin(again)["type"] == "ready"


def test_who_may_come(start_service: StartService) -> None:
    service = start_service(
        environment={"PYWHISPERCPP_API_KEYS": "ann:secret-1,bob:secret-2"},
        cors_origins="https://friend.example",
        max_audio_s=2,
    )
    for key in (None, "", "secret", "wrong\ud800"):
        with opened(service) as socket:
            socket.send(json.dumps({"type": "start", "api_key": key}))
            refused(socket, "invalid_api_key")
    with opened(service) as socket:
        assert begin(socket, api_key="secret-1")["type"] == "ready"
        socket.send(bytes(2 * SECOND * 2))
        socket.send(bytes(2))
        assert "max_audio_s" in refused(socket, "too_long")
    with opened(service, additional_headers={"Authorization": "Bearer secret-2"}) as socket:
        assert begin(socket)["type"] == "ready"
    here = service.url.split("//")[1]
    bearer = {"Authorization": "Bearer secret-2"}
    for origin in ("https://friend.example", f"http://{here}"):
        with opened(service, origin=origin, additional_headers=bearer) as socket:
            assert begin(socket)["type"] == "ready"
    for origin in ("https://foe.example", "null", "http://127.0.0.1:1", f"http://{here}.foe.example"):
        with pytest.raises(InvalidStatus, match="403"):
            opened(service, origin=origin, additional_headers=bearer)
    assert "secret-1" not in service.log.read_text()


def test_one_that_says_nothing(tmp_path: Path, tiny_en: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from starlette.testclient import TestClient

    from pywhispercpp.server import create_app
    from pywhispercpp.server.routes import live
    from pywhispercpp.server.settings import load

    monkeypatch.setattr(live, "IDLE_S", 0.05)
    app = create_app(load(model=str(tiny_en), data_dir=tmp_path, load_model_on_startup=False))
    with TestClient(app) as client, client.websocket_connect("/v1/stream") as socket:
        assert socket.receive_json()["code"] == "idle"
        assert socket.receive() == {"type": "websocket.close", "code": 1008, "reason": ""}
