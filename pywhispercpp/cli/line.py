"""Makes a command line of whisper-cli's kind one that argparse reads as whisper-cli would.

argparse takes `-bs 5 a.wav -t 4 b.wav`, a value that begins with a dash, and files before and after options
for mistakes; whisper-cli does not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pywhispercpp.errors import UsageError

DEFAULT = "transcribe"
OWN = ("-h", "--help", "--version")


def with_command(given: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the arguments with the command, one of `known`, that was left out.

    `@file` alone stands for the lines of that file. Raises UsageError when it cannot be read.
    """
    words = _lines(given[0][1:]) if len(given) == 1 and given[0].startswith("@") else list(given)
    if words and words[0] not in (*known, *OWN) and (words[0].startswith("-") or Path(words[0]).exists()):
        return [DEFAULT, *words]
    return words


def ordered(parser: argparse.ArgumentParser, given: Sequence[str]) -> list[str]:
    """Return the arguments, those of `transcribe` in an order that argparse can read."""
    if given[:1] == [DEFAULT]:
        return [DEFAULT, *_ordered(commands(parser)[DEFAULT], given[1:])]
    return list(given)


def _lines(name: str) -> list[str]:
    try:
        return Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"@{name}: the arguments cannot be read from there: {error}") from None


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of the command line, each with its parser."""
    (found,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def _ordered(parser: argparse.ArgumentParser, given: Iterable[str]) -> Iterator[str]:
    """Every file as --file=…, every value joined to its option."""
    rest = iter(given)
    for one in rest:
        action = parser._option_string_actions.get(one)
        if one == "--":
            yield from (f"--file={name}" for name in rest)
        elif action is not None and action.nargs is None:
            value = next(rest, None)
            yield one if value is None else f"{one}={value}"
        elif one == "-" or not one.startswith("-"):
            yield f"--file={one}"
        else:
            yield one
