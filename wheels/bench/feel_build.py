"""How long the factory takes in a fresh clone: with nothing there, nothing changed, one line changed."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from scripts.command import echo
from scripts.errors import BuildError
from wheels.bench import felt
from wheels.bench.felt import Row
from wheels.bench.setups import Setups
from wheels.interpreter import clean_environment
from wheels.reproduce import clone, head, without_traces
from wheels.staging import staging

#: A line that changes what is compiled: after a comment the object is the same, and nothing is linked.
CPP = 'extern "C" int pywhispercpp_one_more_line() { return 1; }\n'
PYTHON = "ONE_MORE_LINE = 1\n"


def _nothing(folder: Path) -> None:
    """Change nothing."""


def _more(file: str, line: str, folder: Path) -> None:
    with (folder / file).open("a", encoding="utf-8") as out:
        out.write(line)


#: What is done to the clone before each build, one after the other.
CHANGES: dict[str, Callable[[Path], None]] = {
    "cold, nothing compiled yet": _nothing,
    "nothing changed": _nothing,
    "a line of `csrc/bind_full.cpp` changed": lambda folder: _more(
        "pywhispercpp/csrc/bind_full.cpp", CPP, folder
    ),
    "a line of a `.py` changed": lambda folder: _more("pywhispercpp/words.py", PYTHON, folder),
}


def built(folder: Path, dist: Path) -> tuple[float, float]:
    """Run the factory in a checkout: seconds until the wheel is there, checked; until it has been tried."""
    command = [sys.executable, "-m", "wheels.build", "--dist", str(dist)]
    echo(command)
    start = time.perf_counter()
    wheel_after = 0.0
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**clean_environment(), "PYTHONUNBUFFERED": "1"},
        text=True,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not wheel_after and line.startswith(f"{dist}{os.sep}") and line.rstrip().endswith(".whl"):
                wheel_after = time.perf_counter() - start
    if process.returncode or not wheel_after:
        raise BuildError(f"in {folder}, {shlex.join(command)} ended with {process.returncode}")
    return wheel_after, time.perf_counter() - start


def builds(setups: Setups, given: argparse.Namespace) -> list[Row]:
    """Each build once, in a clone of the commit checked out: downloads are there, compiled is nothing."""
    rows = []
    with staging("pywhispercpp-bench-") as folder, without_traces(folder / "clone", "bazel"):
        place = clone(folder / "clone", head())
        for what, change in CHANGES.items():
            change(place)
            wheel, tried = built(place, folder / "dist")
            rows.append(felt.of("build", f"{what}: until the wheel is built and checked", "s", [wheel]))
            rows.append(felt.of("build", f"{what}: and tried in a new environment", "s", [tried]))
    return rows
