"""Services and workers of the tests' own: the installed commands, each with a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

__all__ = ["JFK_WORDS", "Process", "Service", "Worker", "wait_for", "words"]

PATIENCE_S = 60


def words(text: str) -> list[str]:
    """The words of a text, without what surrounds them."""
    return re.findall(r"[a-z']+", text.lower())


JFK_WORDS = words(
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


class Process:
    """A command of the installed package; settings are flags by Python names, `environment` is added."""

    command: str

    def __init__(self, folder: Path, environment: dict[str, str] | None = None, **settings: object) -> None:
        """Get ready; nothing runs yet."""
        self.folder = folder
        self.data_dir = folder / "tasks"
        self.log = folder / "log.txt"
        self.process: subprocess.Popen[bytes]
        self._environment = {**os.environ, **(environment or {})}
        given = {"data_dir": self.data_dir, "log_dir": folder / "logs", **settings}
        self._flags = [_flag(name, value) for name, value in given.items()]

    def begin(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pywhispercpp", self.command, *self._flags],
                cwd=self.folder,
                env=self._environment,
                stderr=log,
                stdout=log,
            )

    def wait_until_ready(self) -> None:
        """Return when it is ready."""
        wait_for(lambda: self._found("ready: "))

    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End it with SIGKILL, as a crash does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it with SIGTERM; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def _found(self, pattern: str) -> re.Match[str] | None:
        if self.process.poll() is not None:
            raise AssertionError(f"it ended with {self.process.returncode}: {self.said()}")
        return re.search(pattern, self.said())


class Service(Process):
    """`pywhispercpp serve` as a process."""

    command = "serve"

    def __init__(self, folder: Path, environment: dict[str, str] | None = None, **settings: object) -> None:
        """Get ready; nothing runs yet."""
        super().__init__(folder, environment, **{"port": 0, **settings})
        self.url = ""

    def start(self, wait: bool = True) -> Service:
        """Start it; wait until it listens, unless it is not expected to."""
        self.begin()
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Return when it listens."""
        self.url = wait_for(self._address)

    def client(self, headers: dict[str, str] | None = None) -> httpx.Client:
        """An HTTP client of it."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE_S, trust_env=False, headers=headers)

    def _address(self) -> str | None:
        found = self._found(r"ready: (http://\S+)/")
        return found.group(1) if found and "Started server process" in self.said() else None


class Worker(Process):
    """`pywhispercpp worker` as a process."""

    command = "worker"

    def start(self) -> Worker:
        """Start it; wait until it is ready."""
        self.begin()
        self.wait_until_ready()
        return self


def _flag(name: str, value: object) -> str:
    flag = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return flag if value else flag.replace("--", "--no-", 1)
    return f"{flag}={value}"


def wait_for(look: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:  # noqa: ANN401 - what look returns
    """Return the first true value of `look`; fails when none comes."""
    end = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found
