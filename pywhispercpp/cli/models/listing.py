"""`pywhispercpp models list`: what is published, and what of it is here."""

from __future__ import annotations

import argparse
from pathlib import Path

from pywhispercpp import models
from pywhispercpp.cli.models.folder import add_models_dir
from pywhispercpp.cli.progress import megabytes

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models list
  pywhispercpp models list | grep here:"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "list",
        help="list the published models and which of them are here",
        description="List the published models: name, size, and where it is or whether it can be downloaded.",
        epilog=EPILOG,
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print one line for every model."""
    print(f"{'NAME':<22}{'SIZE':>10}  STATE")
    for model in models.MODELS.values():
        print(f"{model.name:<22}{megabytes(model.size):>10}  {_state(model, args.models_dir)}")
    return 0


def _state(model: models.PublishedModel, folder: Path | None) -> str:
    here = models.find_local(model.name, folder)
    if here is not None:
        return f"here: {here}"
    return "can be downloaded" if model.hash else "not offered: no hash of it is known"
