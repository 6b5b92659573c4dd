"""docs/server.md is true: commands and programs are run, its nginx is one, its keys let in whom they may."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.pywhispercpp.server.conftest import StartService
from tests.service import Service, wait_for

ADDRESS = "127.0.0.1:3001"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "server.md"
SECTIONS = dict(
    zip(*[iter(re.split(r"^## (.+)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:])] * 2)
)


def blocks(title: str, *kinds: str) -> list[tuple[str, str]]:
    """The blocks of code of a section: kind and text."""
    return [(kind, text) for kind, text in BLOCK.findall(SECTIONS[title]) if kind in kinds]


def run(command: list[str], folder: Path) -> str:
    """What a program prints, which is to succeed; the tests' programs come first."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_like(said: str, shown: str) -> bool:
    """Whether an output is what is shown, where … stands for anything."""
    pattern = "*".join(map(_literal, shown.strip().split("…")))
    return fnmatch.fnmatchcase(said.strip(), pattern)


def _literal(text: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", text)


def console(text: str, url: str, folder: Path) -> tuple[str, str]:
    """Run the commands of a block, one shell for all of them: what is shown, and what they said."""
    lines = text.replace(ADDRESS, url).splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    shown = [line for line in lines if not line.startswith("$ ")]
    # An answer of JSON ends without a line's end: what the next command says would go on behind it.
    script = "\n".join(f'{command}\ntest -z "$(tail -c 1 out)" || echo' for command in commands)
    run(["bash", "-euc", f"exec >> out\n{script}"], folder)
    return "\n".join(shown), (folder / "out").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, jfk: Path) -> Path:
    """Where the reader is, with talk.wav."""
    shutil.copy(jfk, tmp_path / "talk.wav")
    return tmp_path


def address(service: Service) -> str:
    """Host and port of a service."""
    return service.url.removeprefix("http://")


def test_an_output_is_compared_to_the_letter_but_for_dots() -> None:
    assert is_like('{"a":[1],"b":2}\n', '{"a":[1],…}')
    assert not is_like('{"a":[1],"b":2}', '{"a":1,…}')
    assert not is_like("one\ntwo", "one\n")


@pytest.mark.parametrize(
    "title", [title for title in SECTIONS if title != "Keys" and blocks(title, "console")]
)
def test_commands_say_what_is_shown(title: str, service: Service, folder: Path) -> None:
    for _, text in blocks(title, "console"):
        shown, said = console(text, address(service), folder)
        assert is_like(said, shown), f"{said}\n--- is not ---\n{shown}"


@pytest.mark.parametrize("title", [title for title in SECTIONS if blocks(title, "python")])
def test_programs_say_what_is_shown(title: str, service: Service, folder: Path) -> None:
    (_, program), (_, shown) = blocks(title, "python", "text")
    said = run([sys.executable, "-c", program.replace(ADDRESS, address(service))], folder)
    assert is_like(said, shown), f"{said}\n--- is not ---\n{shown}"


def test_every_dialect_has_a_command_that_is_run() -> None:
    run_ones = [title for title in SECTIONS if blocks(title, "console", "python")]
    assert run_ones == [
        "As whisper_api",
        "As OpenAI",
        "Live: WebSocket /v1/stream",
        "As whisper-server",
        "Keys",
        "Metrics",
    ]


def test_keys_let_in_whom_they_should(start_service: StartService, folder: Path) -> None:
    ((_, making),) = blocks("Keys", "sh")
    *lines, serve = making.strip().splitlines()
    run(["bash", "-euc", "\n".join(lines)], folder)
    assert serve.endswith(" --api-keys-file keys.txt")
    service = start_service(api_keys_file=folder / "keys.txt")
    ((_, text),) = blocks("Keys", "console")
    shown, said = console(text, address(service), folder)
    assert is_like(said, shown), f"{said}\n--- is not ---\n{shown}"


def test_prometheus_is_told_where_the_metrics_are(client: httpx.Client) -> None:
    ((_, text),) = blocks("Metrics", "yaml")
    (job,) = yaml.safe_load(text)["scrape_configs"]
    assert job["static_configs"] == [{"targets": [ADDRESS]}]
    assert client.get(job["metrics_path"]).status_code == 200


@pytest.fixture(scope="session")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the document's nginx, which stands before the tests' service."""
    program, openssl = (shutil.which(name) for name in ("nginx", "openssl"))
    if program is None or openssl is None:
        pytest.skip("needs nginx and openssl (Debian: nginx-light, openssl)")
    folder = tmp_path_factory.mktemp("nginx")
    making = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=speech.example"]
    run([*making, "-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.pem")], folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(configuration(folder, port, address(service)))
    command = [program, "-p", str(folder), "-e", "log", "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    verify = ssl.create_default_context(cafile=str(folder / "tls.pem"))
    verify.check_hostname = False
    with httpx.Client(
        base_url=f"https://127.0.0.1:{port}", verify=verify, trust_env=False, timeout=60
    ) as client:
        wait_for(lambda: process.poll() is not None or is_listening(port))
        yield client
    process.terminate()
    assert process.wait(20) == 0


def configuration(folder: Path, port: int, upstream: str) -> str:
    """The document's, with addresses and files of this test."""
    ((_, text),) = blocks("Behind nginx", "nginx")
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/speech.example.pem": str(folder / "tls.pem"),
        "/etc/ssl/speech.example.key": str(folder / "tls.key"),
        ADDRESS: upstream,
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    http = f"access_log off; {temporary}\n{text}"
    return f"daemon off; pid {folder}/pid;\nevents {{}}\nhttp {{\n{http}}}\n"


def is_listening(port: int) -> bool:
    """Whether somebody does."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_an_upload_goes_through_nginx_and_its_events_come_back(proxy: httpx.Client, jfk: Path) -> None:
    talk = jfk.read_bytes() + bytes(2_000_000)  # more than nginx takes by itself
    fields = {"model": "whisper-1", "stream": "true"}
    answer = proxy.post("/v1/audio/transcriptions", files={"file": talk}, data=fields)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "fellow Americans" in answer.text and "transcript.text.done" in answer.text


def test_a_live_stream_goes_through_nginx(proxy: httpx.Client) -> None:
    from websockets.sync.client import connect

    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with connect(f"{proxy.base_url.copy_with(scheme='wss')}/v1/stream", ssl=trust, proxy=None) as live:
        live.send('{"type": "start"}')
        assert '"ready"' in live.recv()
        live.send('{"type": "stop"}')
        assert [message for message in live if '"done"' in message]


def test_the_log_is_not_for_who_comes_through_nginx(proxy: httpx.Client, client: httpx.Client) -> None:
    assert proxy.get("/api/v1/logs", headers={"Host": "speech.example"}).status_code == 401
    # The name of this machine is everybody's to say: then the address counts, which nginx tells.
    assert client.get("/api/v1/logs", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    assert client.get("/api/v1/logs").status_code == 200
