"""`pywhispercpp models`: download, list and find the models whisper.cpp publishes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from pywhispercpp import models

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar
    from rich.progress import TaskID

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command and its three actions."""
    parser = subparsers.add_parser("models", help="download, list and find models", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    get = actions.add_parser("download", help="download a published model, verify it and print its path")
    get.add_argument("name", metavar="NAME", help="a name that `models list` shows, such as base.en")
    listing = actions.add_parser("list", help="list the published models and which of them are here")
    path = actions.add_parser("path", help="print where a model's file is or would be")
    path.add_argument("name", metavar="NAME", help="a published model, or a file in the models folder")
    for action in (get, listing, path):
        action.add_argument(
            "--models-dir", type=Path, metavar="DIR", help=f"folder of models (default: {_escaped_default()})"
        )
        action.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action; returns the exit status. Raises the package's errors."""
    if args.action == "download":
        with _progress(f"ggml-{args.name}.bin", sys.stderr) as progress:
            path = models.download_model(args.name, args.models_dir, progress=progress)
        print(path)
        return 0
    if args.action == "list":
        _list(args.models_dir)
        return 0
    return _path(args.name, args.models_dir)


def _escaped_default() -> str:
    return str(models.default_models_dir()).replace("%", "%%")  # argparse formats help texts with %


def _list(folder: Path | None) -> None:
    print(f"{'NAME':<22}{'SIZE':>10}  STATE")
    for model in models.MODELS.values():
        print(f"{model.name:<22}{_megabytes(model.size):>10}  {_state(model, folder)}")


def _state(model: models.PublishedModel, folder: Path | None) -> str:
    here = models.find_local(model.name, folder)
    if here is not None:
        return f"here: {here}"
    return "can be downloaded" if model.hash else "not offered: no hash of it is known"


def _path(name: str, folder: Path | None) -> int:
    here = models.find_local(name, folder)
    print(here or models.model_path(name, folder))
    if here is None:
        print(f"not there yet; get it with: pywhispercpp models download {name}", file=sys.stderr)
    return 0 if here is not None else 1


def _megabytes(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:.0f} MB"


@contextmanager
def _progress(title: str, stream: TextIO) -> Iterator[models.Progress]:
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
            self.note(f"{self._title}: {10 * tenth}% of {_megabytes(total)}")

    def note(self, message: str) -> None:
        """Print the message."""
        print(message, file=self._stream, flush=True)
