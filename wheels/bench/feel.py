"""What a user feels: a command from start to end, imports, loading a model, memory, building the wheel.

The command is held against upstream's whisper-cli, compiled here with the libraries of this checkout's CMake
wheel (nox -s tests makes them): what differs is the way to the same code.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from scripts.pins import ROOT
from wheels.bench import feel_build, feel_memory, feel_start, machine
from wheels.bench.felt import Row, load, markdown, merged, save
from wheels.bench.setups import Setups

__all__ = ["PARTS", "add_arguments", "markdown", "run"]

PARTS: dict[str, Callable[[Setups, argparse.Namespace], list[Row]]] = {
    "start": feel_start.starts,
    "import": feel_start.imports,
    "load": feel_memory.loads,
    "memory": feel_memory.memory,
    "build": feel_build.builds,
}
#: All but the one that takes minutes of all cores.
USUAL = tuple(part for part in PARTS if part != "build")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of this benchmark alone."""
    parser.add_argument(
        "--parts",
        nargs="+",
        choices=PARTS,
        default=USUAL,
        metavar="PART",
        help=f"of {', '.join(PARTS)} (default: all but build, which builds the wheel anew)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        default=ROOT / "docs" / "performance" / "feel.json",
        help="where the rows are kept (default: docs/performance/feel.json)",
    )


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Measure part by part, each kept as soon as it is there; print the tables of what was measured."""
    file = given.results.absolute()
    done: list[Row] = []
    where = machine.describe(setups.threads)
    for part in given.parts:
        done += PARTS[part](setups, given)
        save(file, merged(load(file), done, where))
    print(f"\n{markdown(merged({}, done, where))}")
