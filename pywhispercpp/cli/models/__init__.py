"""`pywhispercpp models`: one file per action, each with add_parser(actions) and run(args) -> exit code."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.models import (
    convert,
    download,
    evaluate,
    export,
    inspect,
    listing,
    path,
    quantize,
    remove,
    verify,
)

__all__ = ["add_parser"]

# As `--help` shows them: what is there, what can be made of it, how good it is.
_ACTIONS = (listing, download, path, verify, remove, inspect, convert, quantize, export, evaluate)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command and its actions."""
    parser = subparsers.add_parser(
        "models",
        help="get, check, make and measure models",
        description="Get, check, make and measure models.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action in _ACTIONS:
        action.add_parser(actions)
