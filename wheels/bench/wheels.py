"""Wheels against each other: interleaved runs, medians, ratios to the first."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from wheels.bench import machine
from wheels.bench.rounds import interleave
from wheels.bench.worker import Answer, Setup, start
from wheels.smoke import MODEL, install
from wheels.staging import staging


def measure(
    wheels: Sequence[Path], python: Path, audio: Path, n_threads: int, rounds: int
) -> list[list[Answer]]:
    """Return the times of each wheel, one entry a round; a first, unmeasured round warms up."""
    with ExitStack() as stack:
        runs: list[Callable[[], Answer]] = []
        for wheel in wheels:
            folder = stack.enter_context(staging("pywhispercpp-bench-"))
            binaries = install(wheel, python, folder)
            settings = {"model": MODEL, "n_threads": n_threads}
            worker = stack.enter_context(start(Setup(str(wheel), binaries / "python", settings, {})))
            runs.append(partial(worker.ask, audio))
        return interleave(runs, rounds)


def table(wheels: Sequence[Path], results: Sequence[Sequence[Answer]]) -> str:
    """The medians, and how many times the first wheel's each takes."""
    lines = [f"{'encode':>10} {'ratio':>6} {'total':>10} {'ratio':>6}  wheel"]
    for wheel, times in zip(wheels, results):
        cells = []
        for what in ("encode", "total"):
            own = median(t[what] for t in times)
            cells.append(f"{own * 1000:7.0f} ms {own / median(t[what] for t in results[0]):6.3f}")
        lines.append(f"{' '.join(cells)}  {wheel}")
    return "\n".join(lines)


def run(python: Path, given: argparse.Namespace) -> None:
    """Print the table for the wheels given."""
    results = measure(given.wheels, python, given.audio, given.threads, given.rounds)
    print(f"\n{MODEL}, {given.audio.name}, {given.threads} threads, medians of {given.rounds} rounds")
    print(f"{table(given.wheels, results)}\n\n{machine.describe(given.threads)}")
