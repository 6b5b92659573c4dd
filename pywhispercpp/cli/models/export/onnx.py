"""`pywhispercpp models export onnx NAME`: all networks as ONNX."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_model, add_models_dir
from pywhispercpp.cli.progress import shown
from pywhispercpp.models.export import ONNX_PARTS, ONNX_WEIGHTS

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models export onnx tiny.en
  pywhispercpp models export onnx base --weights int8 -o device/base
  pywhispercpp models export onnx tiny.en --audio-seconds 10 --sequence-length 32
  pywhispercpp models export onnx base.en --part encoder --part decoder
"""


def add_parser(formats: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the format."""
    parser = formats.add_parser(
        "onnx",
        help="encoder, decoder and log-mel as ONNX networks",
        description="Write a folder of ONNX networks, with the words and numbers that make text of them.",
        epilog=EPILOG,
    )
    add_model(parser)
    parser.add_argument(
        "--audio-seconds",
        type=float,
        metavar="S",
        help="how much sound the networks take at a time, a multiple of 0.02 (default: 30)",
    )
    parser.add_argument(
        "--sequence-length",
        type=int,
        metavar="N",
        help="fix the number of tokens of the decoder, for devices that need it (default: any)",
    )
    parser.add_argument(
        "--part",
        action="append",
        dest="parts",
        choices=ONNX_PARTS,
        help="write this network; may be given several times (default: all that text needs)",
    )
    parser.add_argument(
        "--weights",
        choices=ONNX_WEIGHTS,
        default=ONNX_WEIGHTS[0],
        help="how weights are stored; int8 computes in whole numbers too (default: %(default)s)",
    )
    parser.add_argument(
        "--external-data",
        action="store_true",
        help="put weights into files of their own, as happens by itself beyond 2 GB",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="write here (default: beside the model, …-onnx)"
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Export, then print the folder."""
    from pywhispercpp.models.export import export_onnx  # here: no other command needs it

    with shown(args.name, sys.stderr) as progress:
        model = models.resolve_model(args.name, args.models_dir, progress=progress)
        folder = export_onnx(
            model,
            args.audio_seconds,
            args.sequence_length,
            args.parts,
            args.weights,
            args.output,
            external_data=args.external_data,
            progress=progress,
        )
    print(folder)
    return 0
