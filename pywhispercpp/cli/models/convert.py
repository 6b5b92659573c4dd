"""`pywhispercpp models convert SOURCE`: make a ggml file of somebody's weights."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp.cli.progress import shown
from pywhispercpp.models.ggml_layout import DTYPES

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models convert tiny.en.pt
  pywhispercpp models convert whisper-small-hindi/ -o ggml-small-hindi.bin
  pywhispercpp models convert faster-whisper-base/model.bin --dtype q5_1"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "convert",
        help="make a ggml file of OpenAI, Hugging Face or CTranslate2 weights",
        description="Make a ggml file of Whisper weights: an OpenAI checkpoint (.pt), Hugging Face "
        "safetensors or pytorch_model.bin, or a CTranslate2 model. Needs no PyTorch, and "
        "runs nothing that is in a file.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "source", type=Path, metavar="SOURCE", help="the weights, or their folder; told by content"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.bin",
        help="the file to write (default: ggml-NAME.bin beside the weights)",
    )
    parser.add_argument(
        "--dtype",
        choices=DTYPES,
        default=DTYPES[0],
        metavar="TYPE",
        help=f"how matrices are stored: {', '.join(DTYPES)} (default: %(default)s)",
    )
    parser.add_argument(
        "--assets",
        type=Path,
        metavar="DIR",
        help="take mel_filters.npz and OpenAI's vocabularies from here (default: fetched once and kept)",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Convert, then print the path."""
    from pywhispercpp.models.convert import convert_model, default_target  # here: no other command needs it

    target = args.output or default_target(args.source, args.dtype)
    with shown(target.name, sys.stderr) as progress:
        path = convert_model(args.source, target, dtype=args.dtype, assets=args.assets, progress=progress)
    print(path)
    return 0
