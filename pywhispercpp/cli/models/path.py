"""`pywhispercpp models path NAME`: where a model's file is or would be."""

from __future__ import annotations

import argparse
import sys

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models path base.en

exit codes:
  0 it is there   1 it is not   2 usage error"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "path",
        help="print where a model's file is or would be",
        description="Print where a model's file is, or where it would be.",
        epilog=EPILOG,
    )
    parser.add_argument("name", metavar="NAME", help="a published model, or a file in the models folder")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the path; 1 when there is no file yet."""
    here = models.find_local(args.name, args.models_dir)
    print(here or models.model_path(args.name, args.models_dir))
    if here is None:
        print(f"not there yet; get it with: pywhispercpp models download {args.name}", file=sys.stderr)
    return 0 if here is not None else 1
