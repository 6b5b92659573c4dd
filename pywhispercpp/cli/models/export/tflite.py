"""`pywhispercpp models export tflite NAME`: Whisper, or a part of it, for TFLite."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_model, add_models_dir
from pywhispercpp.cli.progress import shown
from pywhispercpp.models.export import TFLITE_PARTS
from pywhispercpp.models.vocabulary import TASKS

__all__ = ["add_parser", "run"]

EPILOG = """parts, with what they take and give:
  encoder-decoder  input_features (log-mel) -> tokens, no_speech, certainty
  generator        normalized_audio (16 kHz) -> the same
  encoder          input_features -> last_hidden_states
  decoder          encoder_hidden_states -> the same
  features         normalized_audio -> input_features
  pcm-encoder      normalized_audio -> last_hidden_states

examples:
  pywhispercpp models export tflite tiny.en --audio-seconds 10
  pywhispercpp models export tflite base --language de --int8
  pywhispercpp models export tflite base --part features -o features.tflite
"""


def add_parser(formats: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the format."""
    parser = formats.add_parser(
        "tflite",
        help="the model, or a part of it, for TFLite",
        description="Write a model, or a part of it, for TFLite, as ai-edge-litert and phones run it.",
        epilog=EPILOG,
    )
    add_model(parser)
    parser.add_argument(
        "--part",
        choices=[*TFLITE_PARTS],
        default="encoder-decoder",
        metavar="PART",
        help="what to write, of what is listed below (default: %(default)s)",
    )
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument(
        "--float16", action="store_true", help="store matrices in half precision: half the size"
    )
    weights.add_argument(
        "--int8", action="store_true", help="store matrices in whole numbers: a quarter of it"
    )
    _add_tokens(parser)
    parser.add_argument(
        "--audio-seconds",
        type=float,
        metavar="S",
        help="length of the sound, in steps of 0.02 (default: 30, all that a model hears)",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE.tflite", help="write this file (default: beside the model)"
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def _add_tokens(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", metavar="LANG", help="what is spoken: de, german, … (default: en)")
    parser.add_argument(
        "--task", choices=TASKS, default=TASKS[0], help="translate is to English (default: %(default)s)"
    )
    parser.add_argument(
        "--max-tokens",
        type=int,
        metavar="N",
        help="stop at N tokens, with those the text starts with (default: 224)",
    )


def run(args: argparse.Namespace) -> int:
    """Export, then print the path of the file."""
    from pywhispercpp.models.export import export_tflite  # here: no other command needs it

    with shown(args.name, sys.stderr) as progress:
        model = models.resolve_model(args.name, args.models_dir, progress=progress)
        path = export_tflite(
            model,
            args.part,
            float16=args.float16,
            int8=args.int8,
            language=args.language,
            task=args.task,
            max_tokens=args.max_tokens,
            audio_seconds=args.audio_seconds,
            output=args.output,
            progress=progress,
        )
    print(path)
    return 0
