"""`pywhispercpp models`: one file per action, each with add_parser(actions) and run(args) -> exit code."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.models import download, evaluate, export, listing, path, quantize

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command and its actions."""
    parser = subparsers.add_parser(
        "models",
        help="download, list, find and export models",
        description="Download, list, find and export models.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action in (download, listing, path, quantize, export, evaluate):
        action.add_parser(actions)
