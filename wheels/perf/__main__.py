"""Counts the instructions of an encoder run, of a short decode and more, and fails where they grow by 5 %.

nox -s perf                  # counts the portable wheel, and compares with wheels/perf/stored.json
nox -s perf -- --functions   # and which functions they are in
nox -s perf -- --update      # stores what it has counted: say why in the commit
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from scripts import fetch_whisper_cpp
from scripts.command import capture, entry_point
from scripts.errors import BuildError
from scripts.pins import BUILD
from scripts.whisper_cpp import SOURCES
from wheels import build_for_tests
from wheels.bench import environments
from wheels.perf import callgrind
from wheels.perf.callgrind import Part
from wheels.perf.figures import FIGURES, STORED, Counted, Row, compare, table, top
from wheels.request import PYTHON_VERSION, find_python
from wheels.smoke import MODEL

FOLDER = BUILD / "perf"
SCRIPT = Path(__file__).with_name("counted_script.py")
SPEECH = SOURCES / "samples" / "jfk.wav"
#: The longest first: two processes share the work.
PROGRAMS = ("beams", "greedy", "encoded", "imported")


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    made = argparse.ArgumentParser(
        prog="nox -s perf --", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--update", action="store_true", help="store what is counted")
    made.add_argument("--functions", action="store_true", help="print what each figure is made of")
    made.add_argument(
        "--wheel", type=Path, metavar="X.whl", help="count this portable wheel (default: build it)"
    )
    return made


def count(wheel: Path) -> tuple[dict[str, dict[str, Part]], dict[str, str]]:
    """Run every program under callgrind, as many at once as there are cores."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = environments.of_counted(wheel, Path(find_python(PYTHON_VERSION)["executable"]), FOLDER)
    model = capture(
        [python, "-I", "-m", "pywhispercpp", "models", "download", MODEL], cwd=FOLDER
    ).splitlines()[-1]
    one = partial(_program, python, model)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = dict(zip(PROGRAMS, pool.map(one, PROGRAMS)))
    return {name: parts for name, (parts, _) in results.items()}, results[PROGRAMS[0]][1]


def _program(python: Path, model: str, name: str) -> tuple[dict[str, Part], dict[str, str]]:
    return callgrind.count(python, SCRIPT, FOLDER, name, name, SPEECH, model)


def require_x86_64(machine: str) -> None:
    """BuildError on other machines: there are no figures of their code."""
    if machine != "x86_64":
        raise BuildError(
            f"instructions are counted of x86_64 code only, this machine is {machine}; leave it out here"
        )


def require(rows: Sequence[Row], facts: Mapping[str, str], stored: Mapping[str, str]) -> None:
    """BuildError where a figure has grown too much, with what to do."""
    grown = [f"{row.figure.name} ({100 * row.change:+.1f} %)" for row in rows if row.verdict == "TOO MANY"]
    others = [
        f"\n{name}: {now}, stored with {stored.get(name)}"
        for name, now in facts.items()
        if now != stored.get(name)
    ]
    if grown:
        raise BuildError(
            f"{len(grown)} of {len(rows)} figures are more than 5 % above {STORED.name}: {', '.join(grown)}; "
            "see where: nox -s perf -- --functions. If it is worth it: nox -s perf -- --update, and say "
            f"in the commit why{''.join(others)}"
        )


def main(argv: Sequence[str]) -> None:
    """Count, print, and compare or store."""
    given = parser().parse_args(argv)
    require_x86_64(os.uname().machine)
    callgrind.find()
    fetch_whisper_cpp.fetch()
    wheel = given.wheel or build_for_tests.make("portable")
    parts, facts = count(wheel)
    stored, now = Counted.read(STORED), Counted.of(parts, facts)
    rows = compare(stored, now)
    if given.functions:
        for figure in FIGURES:
            print(f"\n{figure.name}\n{top(figure.functions(parts))}")
    print(f"\n{table(rows)}\n\n{', '.join(facts.values())}; written by callgrind: {FOLDER}")
    if given.update:
        now.write(STORED)
        print(f"stored in {STORED}")
    else:
        require(rows, facts, stored.facts)


if __name__ == "__main__":
    entry_point(main)
