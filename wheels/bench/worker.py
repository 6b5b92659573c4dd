"""A process that has a model loaded and answers one request a line: what the benchmarks interleave."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from scripts.errors import BuildError
from wheels.interpreter import clean_environment
from wheels.staging import staging

_FOLDER = Path(__file__).parent
PACKAGE = _FOLDER / "package_worker.py"
FASTER_WHISPER = _FOLDER / "faster_whisper_worker.py"
MANY = _FOLDER / "many_worker.py"
OPENAI_WHISPER = _FOLDER / "openai_worker.py"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """One row of a table: which script runs with which Python, and what it loads.

    `settings` are the keywords of the model's class, `options` those of transcribe().
    """

    label: str
    python: Path
    settings: Mapping[str, Any]
    options: Mapping[str, Any]
    script: Path = PACKAGE
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Worker:
    """A started process; `backend` is what it said that it computes with."""

    setup: Setup
    process: subprocess.Popen[str]
    backend: str

    def ask(self, audio: Path, **options: object) -> Answer:
        """Let it transcribe once, `options` over those of its setup; `peak` is its most memory, in bytes."""
        request = {"audio": str(audio.resolve()), "options": {**self.setup.options, **options}}
        _stream(self.process.stdin).write(json.dumps(request) + "\n")
        _stream(self.process.stdin).flush()
        return {**_line(self.process, self.setup), "peak": _peak(self.process.pid)}


@contextmanager
def start(setup: Setup, cores: int = 0) -> Iterator[Worker]:
    """Load a model in a process of its own, in a temporary folder; the process ends with the block.

    It gets so many cores, if that is not 0: no library takes more threads than it was given.
    """
    with staging("pywhispercpp-bench-") as folder:
        command = [str(setup.python), "-I", str(setup.script), json.dumps(dict(setup.settings))]
        environment = {**clean_environment(), **setup.environment}
        pipe = subprocess.PIPE
        with _on(cores):
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True
            )
        with process:
            try:
                yield Worker(setup, process, _line(process, setup)["backend"])
            finally:
                _stream(process.stdin).close()


@contextmanager
def _on(cores: int) -> Iterator[None]:
    """Let what is started in the block run on the first `cores` of our cores; on all for 0."""
    ours = os.sched_getaffinity(0)
    try:
        if cores:
            os.sched_setaffinity(0, sorted(ours)[:cores])
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # both are pipes
    return stream


def _peak(pid: int) -> int:
    """The most memory that a process has had resident, in bytes.

    By the kernel's own count: what getrusage() says begins with the size of who started the process.
    """
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _line(process: subprocess.Popen[str], setup: Setup) -> Answer:
    line = _stream(process.stdout).readline()
    if not line:
        raise BuildError(f"the worker of {setup.label} died; its message is above")
    answer: Answer = json.loads(line)
    return answer
