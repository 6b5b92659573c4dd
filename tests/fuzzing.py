"""What the fuzz tests share: how much is tried, and a process in which a crash is a failing test.

With HYPOTHESIS_PROFILE=long in the environment there are many more, and others each time.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

WORKER = Path(__file__).parent / "fuzz_worker.py"
LIMIT = 60.0  # seconds for one example
LONG = 50  # times as many examples in a long run

settings.register_profile(
    "default", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
settings.register_profile("long", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def tries(examples: int) -> settings:
    """Settings with so many examples, or many more in a long run."""
    name = os.environ.get("HYPOTHESIS_PROFILE", "default")
    chosen = settings.get_profile(name if name == "long" else "default")
    return settings(chosen, max_examples=examples * (LONG if name == "long" else 1))


class Child:
    """The worker; started when it is needed, and again after it has died."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1

    def ask(self, task: str, argument: object) -> tuple[str, str]:
        """Return how a task ended, "result" or "refused", and details; fail for everything else."""
        process = self._running()
        assert process.stdin is not None
        request = base64.b64encode(pickle.dumps((task, argument))) + b"\n"
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            pass  # told below
        line = self._line()
        if not line:
            code = self.stop()
            raise AssertionError(
                f"the process died or stood still for {LIMIT} s (code {code}): {task} {argument!r}"
            )
        how, details = json.loads(line)
        assert how in ("result", "refused"), f"{task} {argument!r}: {details}"
        return how, details

    def stop(self) -> int | None:
        """End the worker; return its exit code."""
        if self._process is None:
            return None
        assert self._process.stdin is not None
        code = self._process.poll()
        self._process.kill()
        self._process.stdin.close()
        ended = self._process.wait()
        os.close(self._answers)
        self._process = None
        return ended if code is None else code

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._answers, theirs = os.pipe()
            command = [sys.executable, str(WORKER), str(theirs), *self._arguments]
            quiet: Any = subprocess.DEVNULL
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, pass_fds=(theirs,)
            )
            os.close(theirs)
        return self._process

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._answers], [], [], LIMIT)
            block = os.read(self._answers, 65536) if ready else b""
            if not block:
                return b""
            line += block
        return line
