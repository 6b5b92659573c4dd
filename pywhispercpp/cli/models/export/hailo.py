"""`pywhispercpp models export hailo NAME`: all that a Hailo accelerator needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.cli.progress import shown
from pywhispercpp.models.export import HAILO_ARCHITECTURES

__all__ = ["add_parser", "run"]

DESCRIPTION = """Write the networks as Hailo's compiler takes them, what the host adds to them, calibration
sets of real speech and model scripts; then, where Hailo's Dataflow Compiler is installed, the .hef files."""
EPILOG = """examples:
  pywhispercpp models export hailo tiny.en --hw-arch hailo8l --calibration LibriSpeech/dev-clean
  pywhispercpp models export hailo base --hw-arch hailo10h --calibration speech --num-samples 512
  pywhispercpp models export hailo tiny.en --hw-arch hailo8 --require-hef

Calibration sets that are there are taken when --calibration is left out.

exit codes:
  0 all was made that can be made here; without the compiler that is all but the .hef
  1 failure; with --require-hef also where no .hef can be made   2 usage error"""


def add_parser(formats: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the format."""
    parser = formats.add_parser(
        "hailo",
        help="networks, calibration sets and .hef files for Hailo accelerators",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("name", metavar="NAME", help="tiny, tiny.en, base, base.en, or a path")
    parser.add_argument(
        "--hw-arch",
        choices=HAILO_ARCHITECTURES,
        default=HAILO_ARCHITECTURES[0],
        help="the device's architecture (default: %(default)s)",
    )
    _add_calibration(parser)
    parser.add_argument(
        "--audio-seconds",
        type=float,
        metavar="S",
        help="how much sound the encoder takes at a time (default: 10 for tiny, 5 for base)",
    )
    parser.add_argument(
        "--sequence-length",
        type=int,
        default=32,
        metavar="N",
        help="tokens of the decoder (default: %(default)s)",
    )
    for part in ("encoder", "decoder"):
        parser.add_argument(
            f"--{part}-script",
            type=Path,
            metavar="FILE.alls",
            help=f"compile the {part} with this model script (default: the one that is written)",
        )
    parser.add_argument(
        "--require-hef", action="store_true", help="end with an error where no .hef can be made"
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="write here (default: beside the model, …-hailo)"
    )
    add_models_dir(parser)
    parser.set_defaults(func=run)


def _add_calibration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="make calibration sets of all .flac, .wav, .mp3 in it (default: take those that are there)",
    )
    parser.add_argument(
        "--num-samples",
        type=int,
        metavar="N",
        help="at most so many in a set (default: 4000 for tiny, 2048 for base, 1024 of the decoder)",
    )
    parser.add_argument("--language", help="of the speech in --calibration (default: English)")


def run(args: argparse.Namespace) -> int:
    """Export, print the folder, and on standard error what is missing."""
    from pywhispercpp.models.export import export_hailo  # here: no other command needs it

    with shown(args.name, sys.stderr) as progress:
        model = models.resolve_model(args.name, args.models_dir, progress=progress)
        made = export_hailo(
            model,
            args.hw_arch,
            args.calibration,
            args.num_samples,
            args.audio_seconds,
            args.sequence_length,
            args.output,
            language=args.language,
            encoder_script=args.encoder_script,
            decoder_script=args.decoder_script,
            require_hef=args.require_hef,
            progress=progress,
        )
    if made.missing is not None:
        ready = "".join(f"\n  {file.name}" for file in made.files)
        print(f"pywhispercpp: {made.missing}\nready in {made.folder}:{ready}", file=sys.stderr)
    print(made.folder)
    return 0
