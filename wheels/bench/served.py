"""Served: the installed `pywhispercpp serve` as a process of a benchmark, and what it costs the machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.command import echo
from scripts.errors import BuildError
from wheels.interpreter import clean_environment
from wheels.staging import staging

__all__ = ["Served", "serve"]

READY = re.compile(r"ready: http://127\.0\.0\.1:(\d+)/.*Started server process", re.DOTALL)
PATIENCE_S = 120.0
MB = 1024 * 1024


@dataclass(frozen=True)
class Served:
    """A service that runs: its port, its process and its folder of tasks."""

    port: int
    process: subprocess.Popen[bytes]
    data_dir: Path

    def cpu(self) -> float:
        """CPU seconds of all its threads so far."""
        fields = self._read("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """What is resident of it, in MB."""
        found = re.search(r"VmRSS:\s+(\d+) kB", self._read("status"))
        return int(found[1]) * 1024 / MB if found else 0.0

    def uploads(self) -> list[Path]:
        """Files of clients that it keeps."""
        return [path for name in ("uploads", "incoming") for path in (self.data_dir / name).iterdir()]

    def _read(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.process.pid}/{name}").read_text(encoding="utf-8")
        except OSError as error:
            raise BuildError(f"the service has ended: {error}") from error


@contextmanager
def serve(python: Path, settings: Mapping[str, object]) -> Iterator[Served]:
    """Start one on a free port of this machine, in a temporary folder; it ends in order with the block.

    settings: by their Python names, as flags.
    """
    with staging("pywhispercpp-bench-") as folder:
        data = folder / "service"
        given = {"port": 0, "listen": "127.0.0.1", "data_dir": data, "log_dir": folder, **settings}
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        command = [str(python), "-I", "-m", "pywhispercpp", "serve", *flags]
        echo(command)
        log = folder / "console"
        with log.open("wb") as console:
            process = subprocess.Popen(
                command, cwd=folder, env=clean_environment(), stdout=console, stderr=console
            )
        with process:
            try:
                yield Served(_port(process, log), process, data)
            finally:
                process.send_signal(signal.SIGTERM)
                code = process.wait(PATIENCE_S)
        if code:
            raise BuildError(f"the service ended with {code}: {log.read_text(errors='replace')[-2000:]}")


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port on which it listens, once it does."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        found = READY.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise BuildError(f"the service did not start: {log.read_text(errors='replace')[-2000:]}")
