"""Access: who is let in, what belongs to whom, and where no key is ever written."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.access import Access
from pywhispercpp.server.settings import load
from tests.pywhispercpp.server.test_whisper_api import finished, upload
from tests.service import JFK_WORDS, Service, words

KEYS = {"ann": "key-of-ann:with-a-colon", "bob": "key-of-bob", "admin": "key-of-admin", "zoë": "ключ"}
FRIEND, FOE = "https://friend.example", "https://foe.example"
OPEN = ("/health", "/api/v1/version", "/openapi.json")
GUARDED = {
    "GET": (
        "/api/v1/status?task_id=x",
        "/api/v1/srt?task_id=x",
        "/api/v1/result?task_id=x",
        "/api/v1/decoder_status",
        "/api/v1/decoder_status_refresh",
        "/api/v1/userinfo",
        "/api/v1/login",
        "/api/v1/logs",
        "/v1/models",
        "/v1/models/tiny.en",
        "/metrics",
    ),
    "DELETE": ("/api/v1/status?task_id=x",),
    "POST": (
        "/api/v1/transcribe",
        "/api/v1/translate",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/inference",
        "/load",
    ),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, tiny_en: Path) -> Iterator[Service]:
    """A service with keys in the environment and in a file, and one friend."""
    folder = tmp_path_factory.mktemp("guarded")
    keys = folder / "keys.txt"
    keys.write_text(f"# who may come\n\nadmin:{KEYS['admin']}\n  zoë:{KEYS['zoë']}\n", encoding="utf-8")
    environment = {"PYWHISPERCPP_API_KEYS": f"ann:{KEYS['ann']},bob:{KEYS['bob']}"}
    running = Service(folder, environment, model=tiny_en, api_keys_file=keys, cors_origins=FRIEND).start()
    yield running
    assert running.stop() == 0


def bearer(name: str) -> dict[bytes, bytes]:
    return {b"Authorization": b"Bearer " + KEYS[name].encode()}


def as_one(service: Service, name: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, timeout=60, trust_env=False, headers=bearer(name))


@pytest.mark.parametrize("method", GUARDED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"Authorization": b"Bearer wrong"},
        {b"Authorization": b"Bearer"},
        {b"Authorization": b"Basic a2V5LW9mLWFubg=="},
        {b"Authorization": b"key-of-bob"},
        {b"X-API-Key": b"ann"},
        {b"X-API-Key": b"\xff\xfe"},
    ],
)
def test_nobody_comes_in_without_a_key(guarded: Service, method: str, headers: dict[bytes, bytes]) -> None:
    with guarded.client() as client:
        for route in GUARDED[method]:
            answer = client.request(method, route, headers=headers)
            assert answer.status_code == 401, (route, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "key" in answer.text.lower()


def test_every_route_is_guarded_or_meant_to_be_open(guarded: Service) -> None:
    """So that one that is added later is thought of here."""
    with guarded.client() as client:
        for route in OPEN:
            assert client.get(route).status_code == 200
        routes = client.get("/openapi.json").json()["paths"]
    known = {(method.lower(), route.split("?")[0]) for method, routes in GUARDED.items() for route in routes}
    known |= {("get", route) for route in OPEN}
    found = {
        (method, route.replace("{model}", "tiny.en"))
        for route, methods in routes.items()
        for method in methods
    }
    assert found <= known


@pytest.mark.parametrize("name", KEYS)
def test_each_key_lets_in(guarded: Service, name: str) -> None:
    with as_one(guarded, name) as client:
        assert client.get("/api/v1/userinfo").json()["user"] == name
    with guarded.client() as client:
        by_header = client.get("/api/v1/userinfo", headers={b"X-API-Key": KEYS[name].encode()})
        assert by_header.json()["user"] == name


def test_a_large_body_is_not_waited_for(guarded: Service) -> None:
    host, port = guarded.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(
            b"POST /api/v1/transcribe HTTP/1.1\r\nHost: here\r\nContent-Length: 100000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_what_belongs_to_one_is_not_there_for_another(guarded: Service, jfk: Path) -> None:
    with as_one(guarded, "ann") as ann, as_one(guarded, "bob") as bob, as_one(guarded, "admin") as admin:
        task_id = upload(ann, jfk)["task_id"]
        done = finished(ann, task_id)
        for other in (bob, admin):
            for method, route in (("GET", "status"), ("GET", "srt"), ("GET", "result"), ("DELETE", "status")):
                answer = other.request(method, f"/api/v1/{route}", params={"task_id": task_id})
                assert answer.status_code == 400 and answer.json() == {"detail": "task_id not valid"}
        assert words(done["transcript"]) == JFK_WORDS
        assert ann.get("/api/v1/result", params={"task_id": task_id}).status_code == 200
        assert ann.delete("/api/v1/status", params={"task_id": task_id}).status_code == 204
        assert ann.get("/api/v1/status", params={"task_id": task_id}).status_code == 400


def test_the_log_is_for_admin_and_has_no_key_in_it(guarded: Service) -> None:
    with as_one(guarded, "bob") as bob:
        assert bob.get("/api/v1/logs").status_code == 403
        bob.get("/api/v1/status", params={"task_id": "x"})
    with as_one(guarded, "admin") as admin:
        answer = admin.get("/api/v1/logs")
        assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        logged = b"".join(archive.read(name) for name in archive.namelist())
    assert b"/api/v1/logs" in logged
    for text in (logged, guarded.log.read_bytes()):
        assert not [key for key in KEYS.values() if key.encode() in text]
        assert not [word for word in (b"americans", b"Americans") if word in text]


@pytest.mark.parametrize(
    ("host", "status"),
    [(None, 200), ("localhost", 200), ("service.example", 401), ("127.0.0.1.example", 401)],
)
def test_without_keys_the_log_is_for_this_machine(
    client: httpx.Client, host: str | None, status: int
) -> None:
    """A page whose name was made to mean 127.0.0.1 does not have this machine's name."""
    answer = client.get("/api/v1/logs", headers={"Host": host} if host else {})
    assert answer.status_code == status


def test_a_proxy_tells_who_is_behind_it(client: httpx.Client) -> None:
    assert client.get("/api/v1/logs", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401


@pytest.mark.parametrize(("origin", "allowed"), [(FRIEND, True), (FOE, False), ("null", False)])
def test_only_pages_of_friends_may_call(guarded: Service, origin: str, allowed: bool) -> None:
    with guarded.client() as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = client.options("/v1/audio/transcriptions", headers={"Origin": origin, **asked})
        assert preflight.status_code == (200 if allowed else 400)
        refused = client.get("/v1/models", headers={"Origin": origin})
        assert refused.status_code == 401
        for answer in (preflight, refused):
            assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)


def test_without_friends_no_page_of_another_host_may_call(client: httpx.Client) -> None:
    answer = client.get("/v1/models", headers={"Origin": FOE})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("keys", ["ann:1,ann:2", "ann:1,bob:1", "ann:", ":"])
def test_keys_that_would_be_a_mistake(keys: str) -> None:
    with pytest.raises(SettingsError, match="api_keys") as caught:
        Access(load(api_keys=keys))
    assert "1" not in str(caught.value)


def test_a_file_of_keys_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(SettingsError, match="api_keys_file="):
            Access(load(api_keys_file=str(path)))


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is compared, and by nothing but hmac.compare_digest, wherever the right one is."""
    import hmac

    from starlette.requests import HTTPConnection

    access = Access(load(api_keys=",".join(f"n{number}:k{number}" for number in range(5))))
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return hmac_compare(one, other)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for number in (0, 4):
        scope = {"type": "http", "headers": [(b"x-api-key", f"k{number}".encode())]}
        assert access.owner(HTTPConnection(scope)) == f"n{number}"
    assert len(compared) == 10 and {len(one) for one in compared} == {32}
