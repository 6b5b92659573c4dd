"""Measures wheels against each other: interleaved runs, medians, ratios to the first."""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import IO

from scripts.command import entry_point
from scripts.errors import BuildError
from wheels.interpreter import clean_environment
from wheels.request import PYTHON_VERSION, find_python
from wheels.smoke import MODEL, install
from wheels.staging import staging

_WORKER = Path(__file__).with_name("bench_worker.py")
Times = dict[str, float]


@contextmanager
def _worker(wheel: Path, python: Path, audio: Path, n_threads: int) -> Iterator[subprocess.Popen[str]]:
    """A process with the wheel and the model loaded, waiting for a line."""
    with staging("pywhispercpp-bench-") as folder:
        binaries = install(wheel, python, folder)
        command = [binaries / "python", "-I", _WORKER, MODEL, audio.resolve(), str(n_threads)]
        words = [str(part) for part in command]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, cwd=folder, env=clean_environment(), stdin=pipe, stdout=pipe, text=True
        )
        with process:
            yield process
            _stream(process.stdin).close()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # both are pipes
    return stream


def _one_run(process: subprocess.Popen[str], wheel: Path) -> Times:
    _stream(process.stdin).write("\n")
    _stream(process.stdin).flush()
    line = _stream(process.stdout).readline()
    if not line:
        raise BuildError(f"the worker of {wheel} died; its message is above")
    times: Times = json.loads(line)
    return times


def measure(
    wheels: Sequence[Path], python: Path, audio: Path, n_threads: int, rounds: int
) -> list[list[Times]]:
    """Return the times of each wheel, one entry a round; a first, unmeasured round warms up."""
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(wheel, python, audio, n_threads)) for wheel in wheels]
        results: list[list[Times]] = [[] for _ in wheels]
        for number in range(rounds + 1):
            for wheel, worker, result in zip(wheels, workers, results):
                times = _one_run(worker, wheel)
                if number:
                    result.append(times)
    return results


def table(wheels: Sequence[Path], results: Sequence[Sequence[Times]]) -> str:
    """The medians, and how many times the first wheel's each takes."""
    lines = [f"{'encode':>10} {'ratio':>6} {'total':>10} {'ratio':>6}  wheel"]
    for wheel, times in zip(wheels, results):
        cells = []
        for what in ("encode", "total"):
            own = median(t[what] for t in times)
            cells.append(f"{own * 1000:7.0f} ms {own / median(t[what] for t in results[0]):6.3f}")
        lines.append(f"{' '.join(cells)}  {wheel}")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> None:
    """Print the table for the wheels given."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("wheels", nargs="+", type=Path, metavar="X.whl")
    parser.add_argument("--audio", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=PYTHON_VERSION, metavar="3.N")
    given = parser.parse_args(argv)
    python = Path(find_python(given.python)["executable"])
    results = measure(given.wheels, python, given.audio, given.threads, given.rounds)
    print(f"\n{MODEL}, {given.audio.name}, {given.threads} threads, medians of {given.rounds} rounds")
    print(table(given.wheels, results))


if __name__ == "__main__":
    entry_point(main)
