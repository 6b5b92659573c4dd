"""How live text is shown: a line that is rewritten on a terminal, finished lines in a pipe, or JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Callable

from pywhispercpp.cli.transcribe.printer import SPEAKER_TURN
from pywhispercpp.errors import OutputError
from pywhispercpp.formats.text import dot_time

if TYPE_CHECKING:
    from pywhispercpp.live.segment import LiveSegment

Show = Callable[["LiveSegment"], None]


@contextmanager
def shown(args: argparse.Namespace) -> Iterator[Show]:
    """What is to be called with each piece of text."""
    with ExitStack() as stack:
        shows: list[Show] = []
        if args.output:
            shows.append(_to_file(stack.enter_context(_opened(args.output)), args))
        if args.json:
            shows.append(_json)
        elif sys.stdout.isatty():
            shows.append(stack.enter_context(_terminal(args)))
        else:
            shows.append(_to_file(sys.stdout, args))

        def show(segment: LiveSegment) -> None:
            for one in shows:
                one(segment)

        yield show


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    """A file that grows while someone speaks; each line of it is there at once."""
    try:
        with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123
            yield file
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from error


def _to_file(file: IO[str], args: argparse.Namespace) -> Show:
    def show(segment: LiveSegment) -> None:
        if segment.is_final:
            print(line(segment, bool(args.no_timestamps), bool(args.tdrz_enable)), file=file, flush=True)

    return show


def line(segment: LiveSegment, no_timestamps: bool, turns: bool = False) -> str:
    """One piece of text as whisper-stream prints it."""
    turn = SPEAKER_TURN.decode() if turns and any(one.speaker_turn_next for one in segment.segments) else ""
    if no_timestamps:
        return segment.text + turn
    times = f"{dot_time(round(segment.start * 100))} --> {dot_time(round(segment.end * 100))}"
    return f"[{times}]  {segment.text}{turn}"


def _json(segment: LiveSegment) -> None:
    words = [
        {
            "text": w.text,
            "start": round(w.start, 3),
            "end": round(w.end, 3),
            "probability": round(w.probability, 4),
        }
        for w in segment.words
    ]
    fields = {
        "number": segment.number,
        "final": segment.is_final,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "confirmed": segment.confirmed,
        "lag": round(segment.lag, 3),
        "words": words,
    }
    print(json.dumps(fields, ensure_ascii=False), flush=True)


@contextmanager
def _terminal(args: argparse.Namespace) -> Iterator[Show]:
    """The unfinished line at the bottom: bold what is confirmed, dim what may change."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    with Live(Text(""), console=console, auto_refresh=False, transient=True) as live:

        def show(segment: LiveSegment) -> None:
            if segment.is_final:
                live.update(Text(""), refresh=True)
                text = line(segment, bool(args.no_timestamps), bool(args.tdrz_enable))
                console.print(text, markup=False, soft_wrap=True)
            else:
                words = segment.text.split(" ")
                sure, open_ = words[: segment.confirmed], words[segment.confirmed :]
                live.update(Text(" ".join(sure), "bold").append(" " + " ".join(open_), "dim"), refresh=True)

        yield show
