"""batch --on ray://…: a real cluster on this machine, workers and drivers that are killed, nothing lost."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pywhispercpp.batch.journal import NAME

if importlib.util.find_spec("ray") is None or importlib.util.find_spec("grpc") is None:
    pytest.skip("needs ray[client], which has no wheel for every Python", allow_module_level=True)

RAY = Path(sysconfig.get_path("scripts")) / "ray"
HANG = 120  # seconds
STARTS, PATIENCE = 3, 60
QUESTION = """
import sys, ray
ray.init(sys.argv[1], log_to_driver=False, logging_level="ERROR")
assert ray.get(ray.remote(lambda: 42).remote()) == 42
"""
NO_RAY = """
import sys
sys.modules["ray"] = None  # as if it were not installed
from pywhispercpp.cli import main
sys.exit(main(["batch", "--on", "ray://head:10001", *sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A token of the test's own, which Ray asks for; a temporary folder with a short name for its sockets."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield {
            **os.environ,
            "TMPDIR": folder,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            # How long the cluster waits for a driver that was killed to come back; 30 s by default.
            "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "1",
        }


@pytest.fixture(scope="module")
def cluster(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster of two CPUs that has answered; all of its processes end with the tests.

    Now and then Ray's own processes hang while they start; such a cluster is ended, and another one started.
    """
    for _ in range(STARTS):
        with _head(environment, tmp_path_factory.mktemp("ray") / "log") as address:
            if _answers(address, environment):
                yield address
                return
    pytest.fail(f"none of {STARTS} Ray clusters answered within {PATIENCE} s")


@contextmanager
def _head(environment: dict[str, str], log: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(RAY), "start", "--head", "--block", "--port=0", "--num-cpus=2", "--disable-usage-stats"]
    command += ["--include-dashboard=false", f"--ray-client-server-port={port}"]
    with log.open("wb") as file:
        head = subprocess.Popen(
            command, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + HANG
        while b"--block" not in log.read_bytes():
            assert head.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"ray://127.0.0.1:{port}"
    finally:
        os.killpg(head.pid, signal.SIGKILL)
        head.wait(HANG)


def _answers(address: str, environment: dict[str, str]) -> bool:
    """Whether a worker of the cluster does something for us."""
    ask = [sys.executable, "-c", QUESTION, address]
    try:
        return subprocess.run(ask, env=environment, timeout=PATIENCE, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@pytest.fixture
def folder(jfk: Path, tmp_path: Path) -> Path:
    """Three good files and a bad one."""
    (tmp_path / "in").mkdir()
    for name in ("a.wav", "c.wav", "d.wav"):
        shutil.copy(jfk, tmp_path / "in" / name)
    (tmp_path / "in" / "b.mp3").write_text("no audio")
    return tmp_path / "in"


def command(on: str, tiny_en: Path, folder: Path, *more: str) -> list[str]:
    start = [sys.executable, "-m", "pywhispercpp", "batch", "--on", on, "-m", str(tiny_en), "-t", "1"]
    return [*start, "-nf", "-bs", "1", "-oj", *more, str(folder)]


def worker_pids() -> set[int]:
    """The processes of this machine in which an actor of ours is at a file now."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Worker.transcribe"):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_for_worker(run: subprocess.Popen[str], others: set[int]) -> int:
    deadline = time.monotonic() + HANG
    while time.monotonic() < deadline:
        new = worker_pids() - others
        if new:
            return new.pop()
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    raise AssertionError("no worker began a file")


def good(folder: Path) -> list[str]:
    records = [json.loads(line) for line in (folder / NAME).read_bytes().splitlines()]
    return sorted(Path(one["source"]).name for one in records if one["ok"])


def test_a_killed_worker_and_a_killed_driver_lose_nothing(
    cluster: str, environment: dict[str, str], tiny_en: Path, folder: Path, tmp_path: Path
) -> None:
    line = command(cluster, tiny_en, folder)
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        watchdog = threading.Timer(HANG, first.kill)
        watchdog.start()
        assert "a.wav: 11.0 s" in first.stderr.readline()
        watchdog.cancel()
        first.kill()
        first.wait(HANG)
    done = good(folder)
    assert "a.wav" in done
    assert len(done) < 3
    before = worker_pids()  # of the killed driver: the cluster ends them in time
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True) as second:
        os.kill(wait_for_worker(second, before), signal.SIGKILL)
        told = second.communicate(timeout=HANG)[1]
    assert second.returncode == 1, told
    assert "b.mp3: failed: " in told
    assert f"{3 - len(done)} done" in told
    assert good(folder) == ["a.wav", "c.wav", "d.wav"], "each was noted once"
    contents = [json.loads((folder / f"{name}.json").read_bytes()) for name in good(folder)]
    assert all(one["transcription"] == contents[0]["transcription"] for one in contents)
    assert contents[0]["model"]["type"] == "tiny", "what the model is came from a worker"
    texts = [part["text"] for part in contents[0]["transcription"]]
    assert "fellow american" in "".join(texts).lower()
    assert not list(folder.glob("*.part"))


def test_paths_are_enough_where_the_disk_is_shared(
    cluster: str, environment: dict[str, str], tiny_en: Path, jfk: Path, tmp_path: Path
) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    line = command(cluster, tiny_en, tmp_path, "--shared", "--workers", "1", "-ac", "512")
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=HANG, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.splitlines()[-1].startswith("1 done")


def test_a_model_that_the_workers_have_not_is_one_line(
    cluster: str, environment: dict[str, str], jfk: Path, tmp_path: Path
) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    line = command(cluster, tmp_path / "none.bin", tmp_path, "--workers", "1")
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=HANG, check=False)
    assert done.returncode == 1
    assert "none.bin" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_without_ray_it_says_what_to_install(jfk: Path, tmp_path: Path) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    line = [sys.executable, "-c", NO_RAY, str(tmp_path / "a.wav")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=HANG, check=False)
    assert done.returncode == 1
    assert "pip install 'pywhispercpp[ray]'" in done.stderr
    assert done.stderr.count("\n") == 1
