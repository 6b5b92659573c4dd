"""`python -m wheels.tsan`: build for ThreadSanitizer, run many threads, fail on any report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.command import Argument, echo, entry_point
from scripts.errors import BuildError
from scripts.whisper_cpp import SOURCES
from wheels.tsan import build, reports

HERE = Path(__file__).parent
SPEECH = SOURCES / "samples" / "jfk.wav"
LONGEST = 1200  # seconds
FOUND = 66  # the exit code of a program that ran to its end, with reports


def command(script: Path, *arguments: Argument) -> list[Argument]:
    """Return how to run a script of this Python; addresses in their fixed places, which some kernels need."""
    fixed = ["setarch", "--addr-no-randomize"]
    if shutil.which(fixed[0]) is None or subprocess.run([*fixed, "true"], check=False).returncode:
        fixed = []
    return [*fixed, sys.executable, script, *arguments]


def environment(site: Path, logs: Path) -> dict[str, str]:
    """Return what the sanitizer and the package in `site` need, over the present environment."""
    options = {
        "suppressions": HERE / "suppressions.txt",
        "log_path": logs / "report",
        "exitcode": FOUND,
        "history_size": 4,  # how far back the second stack of a race is remembered
        "second_deadlock_stack": 1,
    }
    told = " ".join(f"{name}={value}" for name, value in options.items())
    extra = {"PYTHONPATH": str(site), "LD_PRELOAD": str(build.runtime()), "TSAN_OPTIONS": told}
    return {**os.environ, **extra}


def watch(script: Path, site: Path, logs: Path, *arguments: Argument) -> list[str]:
    """Run a script under ThreadSanitizer; return its reports. Raises BuildError when it does not end well."""
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    line = list(map(str, command(script, *arguments)))
    echo(line)
    try:
        code = subprocess.run(line, env=environment(site, logs), check=False, timeout=LONGEST).returncode
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{script.name} was not done after {LONGEST} s") from error
    if code not in (0, FOUND):
        raise BuildError(f"{script.name} exited with {code} under ThreadSanitizer")
    return reports.read(logs)


def main(argv: Sequence[str]) -> None:
    """Build, run, and print every report."""
    site = build.build()
    found = watch(HERE / "threads_script.py", site, build.FOLDER / "reports", SPEECH)
    if found:
        print("\n\n".join(found))
        raise BuildError("\n".join([f"ThreadSanitizer reports {len(found)}:", *map(reports.summary, found)]))
    print("ThreadSanitizer reports nothing")


if __name__ == "__main__":
    entry_point(main)
