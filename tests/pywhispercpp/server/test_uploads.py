"""Uploads: limits of size, length and time; forms that are wrong; and no file that is left over."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from tests.pywhispercpp.server.bad_files import encoded_speech
from tests.pywhispercpp.server.test_whisper_api import finished
from tests.service import Service, wait_for

MB = 1_000_000
BOUNDARY = "a-boundary"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
OPENAI, WHISPER_API, WHISPER_SERVER = "/v1/audio/transcriptions", "/api/v1/transcribe", "/inference"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, tiny_en: Path) -> Iterator[Service]:
    """A service that allows little."""
    folder = tmp_path_factory.mktemp("strict")
    running = Service(folder, model=tiny_en, max_upload_mb=1, max_audio_s=40, max_task_s=1, n_sessions=1)
    yield running.start()
    assert running.stop() == 0


def part(name: str, content: bytes, filename: str | bytes | None = None) -> bytes:
    """One field of a form."""
    disposition = f'form-data; name="{name}"'.encode()
    if filename is not None:
        text = filename if isinstance(filename, bytes) else filename.encode()
        disposition += b'; filename="' + text + b'"'
    return b"--%b\r\nContent-Disposition: %b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), disposition, content)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def in_pieces(size: int, head: bytes = b"", piece: int = 100_000) -> Iterator[bytes]:
    """A form with a file of that size, which is sent without a length."""
    yield part("file", head, "big.wav")[:-2]
    for _ in range(size // piece):
        yield bytes(piece)
    yield b"\r\n" + form()


def left_over(service: Service) -> list[Path]:
    """Files that the service keeps."""
    return [path for path in service.data_dir.glob("*/*") if path.is_file()]


def nothing_is_left(service: Service) -> None:
    """Wait until all files are gone: that may be a moment after the answer."""
    wait_for(lambda: not left_over(service))


def peak_mb(service: Service) -> float:
    """The most memory that the process had since forget_peak()."""
    return _memory(service, "VmHWM")


def _memory(service: Service, name: str) -> float:
    text = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text).group(1)) / 1000  # type: ignore[union-attr]


def forget_peak(service: Service) -> float:
    """Begin to count the peak anew; return what there is now."""
    Path(f"/proc/{service.process.pid}/clear_refs").write_text("5")
    return _memory(service, "VmRSS")


# --- Size, length, time -------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [WHISPER_API, OPENAI, WHISPER_SERVER])
def test_an_upload_that_is_too_large(strict: Service, route: str) -> None:
    with strict.client() as client:
        for content in (in_pieces(1_500_000), b"".join(in_pieces(1_500_000))):
            answer = client.post(route, content=content, headers=MULTIPART)
            assert answer.status_code == 413 and "max_upload_mb" in answer.text, answer.text
    nothing_is_left(strict)


def test_an_upload_that_never_ends(strict: Service) -> None:
    with strict.client() as client:
        try:
            answer = client.post(WHISPER_API, content=in_pieces(100 * MB), headers=MULTIPART)
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # the service has closed the connection while the client sent
    nothing_is_left(strict)


def test_memory_stays_flat_while_a_large_file_comes(service: Service, client: httpx.Client) -> None:
    before = forget_peak(service)
    answer = client.post(WHISPER_API, content=in_pieces(200 * MB), headers=MULTIPART)
    assert answer.status_code == 400 and answer.json() == {"detail": "File has no audio track."}
    assert peak_mb(service) - before < 40
    nothing_is_left(service)


def test_audio_that_is_too_long(strict: Service, long_speech: Path) -> None:
    with strict.client() as client:
        wav = long_speech.read_bytes()
        compressed = encoded_speech(long_speech, "mp3")
        assert len(wav) > MB > len(compressed)
        task = client.post(WHISPER_API, files={"file": ("long.mp3", compressed)}).json()
        done = finished(client, task["task_id"])
        assert done["status"] == "failed" and "longer than 40 s" in done["transcript"]
        answer = client.post(OPENAI, files={"file": ("long.mp3", compressed)}, data={"model": "whisper-1"})
        assert answer.status_code == 400 and "longer than 40 s" in answer.json()["error"]["message"]
    nothing_is_left(strict)


def test_a_task_that_takes_too_long(strict: Service, jfk: Path) -> None:
    with strict.client() as client:
        slow = {"file": ("slow.mp3", encoded_speech(jfk, "mp3") * 3)}
        task = client.post(WHISPER_API, files=slow).json()
        done = finished(client, task["task_id"])
        assert done["status"] == "failed" and "max_task_s" in done["transcript"]
        answer = client.post(OPENAI, files=slow, data={"model": "whisper-1"})
        assert answer.status_code == 504 and "max_task_s" in answer.json()["error"]["message"]
        answer = client.post(WHISPER_SERVER, files=slow)
        assert answer.status_code == 504 and "max_task_s" in answer.json()["error"]
    nothing_is_left(strict)


# --- Forms --------------------------------------------------------------------------------------------

FILE = part("file", b"not audio", "a.wav")
BAD_FORMS: dict[str, tuple[dict[str, str], bytes]] = {
    "no file": (MULTIPART, form(part("language", b"en"))),
    "no fields": (MULTIPART, form()),
    "nothing": (MULTIPART, b""),
    "another name": (MULTIPART, form(part("audio", b"x", "a.wav"))),
    "a file that is text": (MULTIPART, form(part("file", b"not a file"))),
    "a text that is a file": (MULTIPART, form(part("language", b"en", "en.txt"), part("model", b"x"))),
    "two files": (MULTIPART, form(FILE, FILE)),
    "a huge field": (MULTIPART, form(part("language", b"x" * 200_000), FILE)),
    "a huge name of a field": (MULTIPART, form(part("x" * 100_000, b""), FILE)),
    "many fields": (MULTIPART, form(*(part(f"f{n}", b"") for n in range(1000)), FILE)),
    "many headers": (MULTIPART, form(FILE.replace(b"\r\n\r\n", b"\r\nX: y" * 9000 + b"\r\n\r\n"))),
    "a field without a name": (MULTIPART, form(FILE.replace(b"; name=", b"; nom="))),
    "a field without headers": (MULTIPART, form(b"--a-boundary\r\n\r\nx\r\n")),
    "cut off": (MULTIPART, form(FILE)[:-9]),
    "cut off in a header": (MULTIPART, FILE[:30]),
    "another boundary": (MULTIPART, form(FILE).replace(b"a-boundary", b"b-boundary")),
    "no boundary": ({"Content-Type": "multipart/form-data"}, form(FILE)),
    "a long boundary": ({"Content-Type": "multipart/form-data; boundary=" + "x" * 5000}, form(FILE)),
    "odd boundary": ({"Content-Type": 'multipart/form-data; boundary="\\"'}, form(FILE)),
    "mixed": ({"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}, form(FILE)),
    "urlencoded": ({"Content-Type": "application/x-www-form-urlencoded"}, b"file=abc&language=en"),
    "much urlencoded": ({"Content-Type": "application/x-www-form-urlencoded"}, b"&" * 3 * MB),
    "json": ({"Content-Type": "application/json"}, json.dumps({"file": "x"}).encode()),
    "no type": ({}, form(FILE)),
    "an empty file": (MULTIPART, form(part("file", b"", "a.wav"))),
    "no audio": (MULTIPART, form(FILE)),
}


@pytest.mark.parametrize("kind", BAD_FORMS)
def test_a_bad_form_is_refused(service: Service, client: httpx.Client, kind: str) -> None:
    headers, body = BAD_FORMS[kind]
    for route in (WHISPER_API, OPENAI, WHISPER_SERVER):
        answer = client.post(route, content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (route, answer.text)
        assert answer.headers["content-type"] == "application/json"
        assert str(service.folder) not in answer.text
    nothing_is_left(service)


NAMES: dict[bytes, str] = {
    "../../etc/Größe\x00 語\t; 🎙.wav".encode(): "Größe_ 語_; 🎙.wav",
    b"C:\\fakepath\\\xff.wav": "\ufffd.wav",
    b"": "transcript",
    b"x" * 4000: "x" * 255,
}


def test_a_file_name_is_a_name_and_no_path(service: Service, client: httpx.Client, jfk: Path) -> None:
    second = jfk.read_bytes()[: 44 + 2 * 16000]
    bodies = [form(part("file", second, name)) for name in NAMES]
    answers = [client.post(WHISPER_API, content=body, headers=MULTIPART) for body in bodies]
    for answer, shown in zip(answers, NAMES.values()):
        assert answer.status_code == 200, answer.text
        task_id = answer.json()["task_id"]
        assert finished(client, task_id)["status"] == "finished"
        found = client.get("/api/v1/srt", params={"task_id": task_id})
        assert unquote(found.headers["content-disposition"].split("''")[1]) == f"{shown}_en.srt"
    nothing_is_left(service)


# --- What happens on the wire ---------------------------------------------------------------------------


def begun(service: Service, headers: str) -> socket.socket:
    """A connection on which an upload has begun."""
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(
        f"POST {WHISPER_API} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {MULTIPART['Content-Type']}\r\n"
        f"{headers}\r\n".encode()
    )
    return connection


def test_a_client_that_goes_away_in_mid_upload(service: Service) -> None:
    connection = begun(service, "Content-Length: 5000000\r\n\r\n")
    connection.sendall(part("file", bytes(2 * MB), "a.wav"))
    wait_for(lambda: any(path.stat().st_size for path in left_over(service)))
    connection.close()
    nothing_is_left(service)


@pytest.mark.parametrize("length", ["5", "-5", "0x10", "9" * 5000, "5\r\nContent-Length: 6", "5, 6"])
def test_a_length_that_is_a_lie(service: Service, client: httpx.Client, length: str) -> None:
    with begun(service, f"Content-Length: {length}\r\n\r\n") as connection:
        connection.sendall(form(FILE))
        assert re.match(rb"HTTP/1.1 4\d\d ", connection.recv(1000))
    nothing_is_left(service)
    assert client.get("/health").status_code == 200


def test_a_body_in_chunks_that_are_none(service: Service, client: httpx.Client) -> None:
    with begun(service, "Transfer-Encoding: chunked\r\n\r\n") as connection:
        connection.sendall(b"nonsense\r\n" + form(FILE))
        assert re.match(rb"HTTP/1.1 400 ", connection.recv(1000))
    nothing_is_left(service)
    assert client.get("/health").status_code == 200


def test_a_client_that_stands_still(tmp_path: Path, tiny_en: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pywhispercpp.server import create_app, uploads
    from pywhispercpp.server.settings import load

    monkeypatch.setattr(uploads, "PAUSE_S", 0.05)
    app = create_app(load(model=str(tiny_en), data_dir=tmp_path, load_model_on_startup=False))

    async def endless() -> AsyncIterator[bytes]:
        yield part("file", b"RIFF", "a.wav")[:-2]
        await asyncio.Event().wait()

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(WHISPER_API, content=endless(), headers=MULTIPART)

    answer = asyncio.run(ask())
    assert answer.status_code == 408
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_disk_that_is_full(tmp_path: Path, tiny_en: Path) -> None:
    """A limit on the size of files, as the shell sets it, is what a full disk is to the process."""
    import resource

    running = Service(tmp_path, model=tiny_en, load_model_on_startup=False).start()
    try:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (MB, MB))
        with running.client() as client:
            answer = client.post(WHISPER_API, content=in_pieces(5 * MB), headers=MULTIPART)
            assert answer.status_code == 507 and "cannot be stored" in answer.text
            nothing_is_left(running)
            assert client.get("/health").status_code == 200
    finally:
        assert running.stop() == 0
