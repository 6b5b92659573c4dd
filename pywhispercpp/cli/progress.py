"""How a command shows where long work stands: a bar on a terminal, lines in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from pywhispercpp.models import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar
    from rich.progress import TaskID

__all__ = ["megabytes", "shown"]


def megabytes(size: int | None) -> str:
    """A number of bytes, for people."""
    return "?" if size is None else f"{size / 1e6:.0f} MB"


@contextmanager
def shown(title: str, stream: TextIO) -> Iterator[Progress]:
    """A bar on a terminal; elsewhere a plain line for every tenth."""
    if not stream.isatty():
        yield _Lines(title, stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as RichBar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with RichBar(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=Console(file=stream)) as bar:
        yield _Bar(bar, bar.add_task(title, total=None))


class _Bar:
    """Progress on a terminal."""

    def __init__(self, bar: RichBar, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def at(self, done: int, total: int | None) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total)

    def note(self, message: str) -> None:
        """Print the message above the bar."""
        self._bar.console.print(message, markup=False, highlight=False, soft_wrap=True)


class _Lines:
    """Progress in a log: one line for every tenth of the file."""

    def __init__(self, title: str, stream: TextIO) -> None:
        self._title = title
        self._stream = stream
        self._last = -1

    def at(self, done: int, total: int | None) -> None:
        """Print a line when another tenth is done."""
        tenth = 10 * done // total if total else -1
        if tenth > self._last:
            self._last = tenth
            self.note(f"{self._title}: {10 * tenth}% of {megabytes(total)}")

    def note(self, message: str) -> None:
        """Print the message."""
        print(message, file=self._stream, flush=True)
