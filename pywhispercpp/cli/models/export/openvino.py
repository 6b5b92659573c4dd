"""`pywhispercpp models export openvino NAME`: the encoder as OpenVINO IR."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_model, add_models_dir
from pywhispercpp.cli.progress import shown
from pywhispercpp.models.export import WEIGHTS

__all__ = ["add_parser", "run"]

EPILOG = """examples:
  pywhispercpp models export openvino base.en
  pywhispercpp models export openvino base.en --audio-context 512
  pywhispercpp models export openvino my/ggml-model-q5_0.bin --weights int8
"""


def add_parser(formats: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the format."""
    parser = formats.add_parser(
        "openvino",
        help="the encoder as OpenVINO IR",
        description="Write the encoder as OpenVINO IR beside the model, where whisper.cpp looks for it.",
        epilog=EPILOG,
    )
    add_model(parser)
    parser.add_argument(
        "--audio-context",
        type=int,
        metavar="N",
        help="serve this context only, in steps of 20 ms (NPUs need that; default: any of 1 to 1500)",
    )
    parser.add_argument(
        "--weights",
        choices=WEIGHTS,
        default=WEIGHTS[0],
        help="how matrices are stored (default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE.xml", help="write another file (default: beside the model)"
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Export, then print the path of the IR."""
    from pywhispercpp.models.export import export_openvino  # here: no other command needs it

    with shown(args.name, sys.stderr) as progress:
        model = models.resolve_model(args.name, args.models_dir, progress=progress)
        path = export_openvino(model, args.audio_context, args.weights, args.output, progress=progress)
    print(path)
    return 0
