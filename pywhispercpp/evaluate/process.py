"""The near end of a worker: starts it, asks it, and says why it ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pywhispercpp.closing import Closing
from pywhispercpp.errors import PywhispercppError
from pywhispercpp.evaluate.setup import Setup

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Process", "ProcessError"]

# The same places for imports as here, in the same order, whatever they came from.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from pywhispercpp.evaluate.worker import main; main(sys.argv[2])"
)
_TAIL = 300  # letters of what it wrote to standard error


class ProcessError(PywhispercppError):
    """A setup cannot run, or its process has ended; the message says why."""


class Process(Closing):
    """A running worker; leaving the block ends it."""

    def __init__(self, setup: Setup) -> None:
        """Start it and wait until the model is loaded. Raises ProcessError."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._running = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(sys.path), setup.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        try:
            self.started = self._read()
            if "error" in self.started:
                raise ProcessError(self.started["error"])
        except BaseException:
            self.close()
            raise

    def ask(self, samples: NDArray[np.float32], language: str) -> dict[str, Any]:
        """What it answers to a recording. Raises ProcessError where it has ended."""
        head = json.dumps({"samples": int(samples.size), "language": language})
        assert self._running.stdin is not None
        try:
            self._running.stdin.write(head.encode() + b"\n" + samples.tobytes())
            self._running.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> ProcessError:
        code = self._running.wait()
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        self._errors.seek(0)
        said = " ".join(self._errors.read().decode(errors="replace").split())[-_TAIL:]
        memory = "; there may be too little memory" if code == -signal.SIGKILL else ""
        return ProcessError(f"its process ended {how}{memory}{': … ' + said if said else ''}")

    def close(self) -> None:
        """End it; one that is at work is not waited for."""
        self._running.kill()
        for pipe in (self._running.stdin, self._running.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # what was not sent yet has nobody to go to
                pipe.close()
        self._running.wait()
        self._errors.close()
