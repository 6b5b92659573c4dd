"""The options that several actions on models have."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Union

from pywhispercpp.models import default_models_dir

__all__ = ["add_model", "add_models_dir", "add_threads"]

Parser = Union[argparse.ArgumentParser, argparse._ArgumentGroup]


def add_model(parser: Parser, further: str = "") -> None:
    """Add the model that is worked on."""
    words = f"name of a model (downloaded when missing) or its path{further}"
    parser.add_argument("name", metavar="NAME", help=words)


def add_models_dir(parser: Parser) -> None:
    """Add `--models-dir`."""
    default = str(default_models_dir()).replace("%", "%%")  # argparse formats help texts with %
    parser.add_argument(
        "--models-dir", type=Path, metavar="DIR", help=f"folder of models (default: {default})"
    )


def add_threads(parser: Parser, words: str) -> None:
    """Add `--n-threads`, under all names that it has elsewhere."""
    parser.add_argument(
        "-t",
        "--n-threads",
        "--threads",
        type=int,
        dest="n_threads",
        metavar="N",
        default=min(4, os.cpu_count() or 1),
        help=f"{words} (default: 4, or as many as there are cores)",
    )
