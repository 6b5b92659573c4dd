"""Where a transcription stands: whisper-cli's lines with -pp, else a bar where it is a terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pywhispercpp.cli.transcribe.printer import to_stdout

STEP = 5  # percent
Write = Callable[[bytes], object]
Report = Callable[[int], object]


@contextmanager
def reported(args: argparse.Namespace, title: str, to_file: bool) -> Iterator[tuple[Write, Report | None]]:
    """How lines are to be written meanwhile, and what is to be called with the percentage.

    to_file: whether one format goes to standard output instead of lines.
    """
    if args.print_progress:
        yield to_stdout, (None if to_file else _Lines())
    elif args.no_prints or not sys.stderr.isatty() or (sys.stdout.isatty() and args.no_timestamps):
        yield to_stdout, None  # unfinished lines and a bar cannot share a terminal
    else:
        with _bar(title) as shown:
            yield shown


class _Lines:
    """whisper-cli's lines, word for word."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, percent: int) -> None:
        if percent >= self._last + STEP:
            self._last += STEP
            print(f"whisper_print_progress_callback: progress = {percent:3d}%", file=sys.stderr, flush=True)


@contextmanager
def _bar(title: str) -> Iterator[tuple[Write, Report]]:
    """A bar; lines that go to a terminal too are printed above it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr, highlight=False)
    options: dict[str, Any] = {"console": console, "transient": True, "redirect_stdout": False}
    with Progress(*columns, redirect_stderr=False, **options) as bar:
        task = bar.add_task(Text(os.path.basename(title)).markup, total=100)  # noqa: PTH119

        def above(data: bytes) -> None:
            text = data.decode("utf-8", errors="replace").rstrip("\n")
            console.print(Text.from_ansi(text), soft_wrap=True)

        write = above if sys.stdout.isatty() else to_stdout
        yield write, lambda percent: bar.update(task, completed=percent)
