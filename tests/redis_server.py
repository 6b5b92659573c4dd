"""A Redis of the tests' own: the real server of Debian's package, with a password, in a folder of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.service import wait_for

__all__ = ["PASSWORD", "RedisServer"]

PASSWORD = "s3cret-of-redis"


class RedisServer:
    """A server on a free port of this machine; it keeps what it has when it is started again."""

    def __init__(self, folder: Path) -> None:
        """Get ready; nothing runs yet. Skips the test where there is no redis-server."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("needs redis-server (Debian: redis-server)")
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes]
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> RedisServer:
        """Start it; return when it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        flags = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": PASSWORD,
            "appendonly": "yes",
            "save": "",
        }
        command = [part for name, value in flags.items() for part in (f"--{name}", str(value))]
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen([self._program, *command], cwd=self._folder, stdout=log)
        wait_for(lambda: self.ask("PING") == "PONG")
        return self

    def ask(self, *words: str) -> str:
        """What redis-cli answers."""
        command = ["redis-cli", "-p", str(self.port), "-a", PASSWORD, "--no-auth-warning", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def keys_of_work(self) -> list[str]:
        """The keys of tasks that are not done: SAQ's jobs and lists, audio, places in the queue."""
        mine = ("*:audio:*", "*:undone", "*:coming", "saq:job:*", "*:queued", "*:active", "*:incomplete")
        return [key for pattern in mine for key in self.ask("KEYS", pattern).split()]

    def stop(self) -> None:
        """End it in order."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(60)
