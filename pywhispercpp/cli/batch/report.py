"""Where a batch stands: a line for each file, a bar below them on a terminal, and a sum at the end."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pywhispercpp.batch.run import Outcome
    from pywhispercpp.batch.tasks import Task

UNITS = ((3600, "h"), (60, "min"), (1, "s"))


@contextmanager
def reporting(args: argparse.Namespace, total: int) -> Iterator[Report]:
    """What is told while a batch runs; the sum comes when it ends well."""
    if args.no_prints or not sys.stderr.isatty():
        report = Report(total, bool(args.no_prints))
        yield report
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(file=sys.stderr, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            report = _Bar(total, bar)
            yield report
    report.end()


class Report:
    """Plain lines on standard error."""

    def __init__(self, total: int, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._counts = {"done": 0, "skipped": 0, "failed": 0}
        self._seconds = 0.0

    @property
    def failed(self) -> int:
        """How many files failed."""
        return self._counts["failed"]

    def add(self, outcome: Outcome) -> None:
        """Tell what became of a file; what was skipped is counted only."""
        self._counts[outcome.kind] += 1
        self._seconds += outcome.seconds
        place = f"[{sum(self._counts.values())}/{self._total}]"
        if outcome.kind == "failed":
            self._say(f"{place} {_name(outcome.task)}: failed: {outcome.error}")
        elif outcome.kind == "done" and not self._quiet:
            self._say(f"{place} {_name(outcome.task)}: {length(outcome.seconds)}")

    def busy(self, task: Task) -> None:
        """Tell that a file is waited for."""
        if not self._quiet:
            self._say(f"{_name(task)}: another run works on it; waiting for that")

    def progress(self, path: object, percent: int) -> None:
        """Hear how far a file is."""

    def end(self) -> None:
        """Tell the sum."""
        if not self._quiet:
            counts = self._counts
            self._say(
                f"{counts['done']} done ({length(self._seconds)} of audio), "
                f"{counts['skipped']} there already, {counts['failed']} failed"
            )

    def _say(self, text: str) -> None:
        print(text.encode("utf-8", "backslashreplace").decode(), file=sys.stderr, flush=True)


class _Bar(Report):
    """A bar of the files that are through, and of the parts of those that are worked on."""

    def __init__(self, total: int, bar: Any) -> None:  # noqa: ANN401 (rich is not imported without a terminal)
        super().__init__(total, quiet=False)
        self._bar = bar
        self._task = bar.add_task("", total=total)
        self._lock = threading.Lock()
        self._parts: dict[str, int] = {}

    def add(self, outcome: Outcome) -> None:
        with self._lock:
            self._parts.pop(os.fspath(outcome.task.source), None)
        super().add(outcome)
        self._bar.update(self._task, completed=sum(self._counts.values()))

    def progress(self, path: Any, percent: int) -> None:  # noqa: ANN401 (a path)
        with self._lock:
            self._parts[os.fspath(path)] = percent
            working = [f"{Path(name).name} {part}%" for name, part in self._parts.items() if part < 100]
        self._bar.update(self._task, description=" ".join(working[:2]).replace("[", r"\["))

    def _say(self, text: str) -> None:
        self._bar.console.print(
            text.encode("utf-8", "backslashreplace").decode(), markup=False, soft_wrap=True
        )


def length(seconds: float) -> str:
    """A length of time for people."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _name(task: Task) -> str:
    return os.fspath(task.source)
