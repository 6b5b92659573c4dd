"""New processes: a command from start to end against whisper-cli, and what imports add to a bare Python."""

from __future__ import annotations

import argparse
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from scripts.command import Argument, capture
from scripts.errors import BuildError
from wheels.bench import felt
from wheels.bench.felt import Row
from wheels.bench.rounds import interleave
from wheels.bench.setups import Setups
from wheels.interpreter import clean_environment
from wheels.smoke import EXPECTED_WORDS, install
from wheels.staging import staging
from wheels.whisper_tool import CLI, NotHereError

#: How both decode: as they do when they are left alone, and the likeliest token without a second try.
DECODING = {"beam search of 5": (), "greedy": ("-bs", "1", "-bo", "1", "-nf")}
TIMES_WHISPER_CLI = 1.3  # the goals
IMPORT_MS = 100

IMPORTS = {
    "NumPy alone": "import numpy",
    "`import pywhispercpp`": "import pywhispercpp",
    "`from pywhispercpp import Model`": "from pywhispercpp import Model",
}
#: A line of -X importtime: all its microseconds, the depth, the name. What a module imports comes before it.
_IMPORTED = re.compile(r"^import time: +\d+ \| +(\d+) \|( +)(\S+)$", re.MULTILINE)


def seconds(command: Sequence[Argument], folder: Path, expected: str = "") -> float:
    """How long a program takes from start to end; BuildError where it fails or says nothing `expected`."""
    start = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=clean_environment(),
        text=True,
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - start
    if done.returncode or expected not in " ".join(done.stdout.split()):
        raise BuildError(f"{command[0]} ended with {done.returncode} and said {done.stdout + done.stderr!r}")
    return took


def starts(setups: Setups, given: argparse.Namespace) -> list[Row]:
    """The command of a fresh environment, and whisper-cli, in turn."""
    rows: list[Row] = []
    program = _whisper_cli()
    with staging("pywhispercpp-bench-") as folder:
        own = install(setups.wheel, setups.python, folder) / "pywhispercpp"
        model = Path(capture([own, "models", "download", setups.model], cwd=folder).splitlines()[-1])
        same = ("-t", str(setups.threads), "-f", str(given.audio.resolve()))
        for how, options in DECODING.items():
            commands: list[list[Argument]] = [
                [program, "-m", model, *same, *options],
                [own, "transcribe", "-m", setups.model, *same, *options],
            ]
            times = _measure(
                [partial(seconds, one, folder, EXPECTED_WORDS) for one in commands], given.rounds
            )
            rows += _start_rows(f"{setups.model}, {how}", *times)
        (bare,) = _measure([partial(seconds, [own, "--version"], folder)], given.rounds)
        rows.append(felt.of("start", "`pywhispercpp --version`", "ms", [1000 * one for one in bare]))
    return rows


def _whisper_cli() -> Path:
    try:
        return CLI.build()
    except NotHereError as error:
        raise BuildError(str(error)) from error


def _measure(runs: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    return interleave(runs, rounds)


def _start_rows(what: str, theirs: Sequence[float], ours: Sequence[float]) -> list[Row]:
    ratios = [own / other for own, other in zip(ours, theirs)]
    return [
        felt.of("start", f"{what}: `whisper-cli`", "s", theirs),
        felt.of("start", f"{what}: `pywhispercpp transcribe`", "s", ours),
        felt.of("start", f"{what}: as long as `whisper-cli`", "times", ratios, TIMES_WHISPER_CLI),
    ]


def imports(setups: Setups, given: argparse.Namespace) -> list[Row]:
    """What each import takes more than a Python that does nothing, in ms; and the parts of our own."""
    with staging("pywhispercpp-bench-") as folder:
        python = install(setups.wheel, setups.python, folder) / "python"
        programs = ["pass", *IMPORTS.values()]
        runs = [partial(seconds, [python, "-I", "-c", program], folder) for program in programs]
        bare, *times = _measure(runs, given.rounds)
        report = _importtime(python, folder)
    rows = [felt.of("import", "a Python that does nothing, whole", "ms", [1000 * one for one in bare])]
    for what, own in zip(IMPORTS, times):
        more = [1000 * (one - other) for one, other in zip(own, bare)]
        most = IMPORT_MS if what == "`import pywhispercpp`" else None
        rows.append(felt.of("import", what, "ms", more, most))
    return [*rows, *parts(report)]


def _importtime(python: Path, folder: Path) -> str:
    command = [str(python), "-I", "-X", "importtime", "-c", "import pywhispercpp"]
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), text=True, capture_output=True, check=True
    )
    return done.stderr


def parts(report: str, most: int = 5) -> list[Row]:
    """What takes longest of all that `import pywhispercpp` imports itself, by Python's own -X importtime."""
    own: list[tuple[float, str]] = []
    for micro, indent, name in _IMPORTED.findall(report):
        if len(indent) == 3:
            own.append((int(micro) / 1000, name))
        elif len(indent) == 1 and name == "pywhispercpp":
            break
        elif len(indent) == 1:  # what another one has imported
            own.clear()
    longest = sorted(own, reverse=True)[:most]
    return [felt.of("import", f"of it `{name}`", "ms", [took]) for took, name in longest]
