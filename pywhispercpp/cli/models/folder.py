"""The option that every action on models has."""

from __future__ import annotations

import argparse
from pathlib import Path

from pywhispercpp.models import default_models_dir

__all__ = ["add_models_dir"]


def add_models_dir(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add `--models-dir`."""
    default = str(default_models_dir()).replace("%", "%%")  # argparse formats help texts with %
    parser.add_argument(
        "--models-dir", type=Path, metavar="DIR", help=f"folder of models (default: {default})"
    )
