"""`pywhispercpp models remove NAME…`: take models out of the folder of models."""

from __future__ import annotations

import argparse

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.cli.progress import megabytes

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models remove large-v2 --dry-run
  pywhispercpp models remove large-v2 medium.en

With a model goes what belongs to it: the OpenVINO IR of its encoder, and a download that was broken off. It
asks nothing. Files outside the folder of models, and those that are no models, are refused, and then nothing
at all is removed.

exit codes:
  0 removed   1 one is not here or was refused   2 usage error"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "remove",
        help="remove models from the folder",
        description="Remove models from the folder of models, with what belongs to them.",
        epilog=EPILOG,
    )
    parser.add_argument("names", metavar="NAME", nargs="+", help="a model that is here")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Look at all of them first, so that a wrong name costs nothing; then remove, and say what."""
    looks = [models.remove_model(name, args.models_dir, dry_run=True) for name in args.names]
    plans = list({one.files[-1]: one for one in looks}.values())  # two names of one model are one model
    if not args.dry_run:
        plans = [models.remove_model(one.name, args.models_dir) for one in plans]
    did = "would remove" if args.dry_run else "removed"
    for plan in plans:
        for file in plan.files:
            print(f"{did} {file}")
    size = sum(plan.size for plan in plans)
    print(f"{did} {size} bytes ({megabytes(size)})")
    return 0
