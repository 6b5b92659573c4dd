"""`pywhispercpp models verify [NAME…]`: are the models that are here what they should be?"""

from __future__ import annotations

import argparse

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.cli.progress import megabytes
from pywhispercpp.errors import ModelError

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models verify
  pywhispercpp models verify base.en
  pywhispercpp models verify my/ggml-model.bin

A published model is read whole and its hash compared; of another one the structure is checked: every size,
name, shape and type, but not the weights.

exit codes:
  0 all are good   1 one is bad or not here   2 usage error"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "verify",
        help="check the models that are here",
        description="Check models that are here: published ones by their hash, others by their structure.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="a model that is here, or a path (default: all that are here)",
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print a line for each; 1 when one is bad."""
    here = [one for one in models.list_models(args.models_dir) if one.state != "available"]
    names = args.names or [one.path for one in here if one.on_disk is not None]
    bad = [name for name in names if not _good(name, args)]
    if not args.names:
        for one in here:
            if one.unfinished is not None:
                held = f"{megabytes(one.unfinished)} of {megabytes(one.size)}"
                print(
                    f"part  {one.name}: {held} are here; go on with: pywhispercpp models download {one.name}"
                )
        if not here:
            print("no models are here; get one with: pywhispercpp models download base.en")
    return 1 if bad else 0


def _good(name: str, args: argparse.Namespace) -> bool:
    try:
        found = models.verify_model(name, args.models_dir)
    except ModelError as error:
        print(f"bad   {error}")
        return False
    print(f"good  {found.path}: {found.words}")
    return True
