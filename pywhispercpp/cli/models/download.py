"""`pywhispercpp models download NAME`: get a published model."""

from __future__ import annotations

import argparse
import sys

from pywhispercpp import models
from pywhispercpp.cli.models.folder import add_models_dir
from pywhispercpp.cli.progress import shown

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models download base.en
  pywhispercpp models download small --models-dir /srv/models"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "download",
        help="download a published model, verify it and print its path",
        description="Download a published model, verify it and print its path; one that is there stays.",
        epilog=EPILOG,
    )
    parser.add_argument("name", metavar="NAME", help="a name that `models list` shows, such as base.en")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Download, then print the path."""
    with shown(f"ggml-{args.name}.bin", sys.stderr) as progress:
        path = models.download_model(args.name, args.models_dir, progress=progress)
    print(path)
    return 0
