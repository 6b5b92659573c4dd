"""`pywhispercpp models quantize NAME KIND…`: store a model's matrices in fewer bits."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp import models
from pywhispercpp.cli.models.options import add_model, add_models_dir, add_threads
from pywhispercpp.cli.progress import megabytes, shown
from pywhispercpp.errors import UsageError

if TYPE_CHECKING:
    from pywhispercpp.models.quantize_check import QuantizeCheck, Yardstick

__all__ = ["add_parser", "run"]

DESCRIPTION = """Store the matrices of a model in fewer bits, byte for byte as whisper.cpp's whisper-quantize
does, and print the path of the result.

KIND is q8_0, q5_1, q5_0, q4_1 or q4_0 for any model, q6_K, q5_K, q4_K, q3_K or q2_K for one whose
rows are whole blocks of 256 numbers (base and larger, not tiny), or f16 for an f32 model."""

EPILOG = """examples:
  pywhispercpp models quantize base.en q5_1
  pywhispercpp models quantize base q8_0 q5_0 q4_K --check talk.wav
  pywhispercpp models quantize my/ggml-model.bin q8_0 -o my/ggml-small-one.bin
  pywhispercpp transcribe -m base.en-q5_1 talk.wav"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "quantize",
        help="store a model in fewer bits, as whisper-quantize does",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    add = parser.add_argument
    add_model(parser, "; f16 or f32")
    add(
        "kinds",
        metavar="KIND",
        nargs="+",
        help="how the matrices are stored, such as q5_1; one file for each",
    )
    add(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="the file to write, or a folder that is there (default: ggml-NAME-KIND.bin beside the model)",
    )
    add(
        "--check",
        metavar="AUDIO",
        help="hear this file with each result; print text, the encoder's error against the model, and sizes",
    )
    add("-l", "--language", metavar="LANG", default="auto", help="the language of --check's file")
    add_threads(parser, "threads to work with")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Quantize, then print the path of each result, and what --check asks for."""
    from pywhispercpp.models.quantize import kind_called, quantize

    kinds = [kind_called(kind) for kind in args.kinds]
    with shown(args.name, sys.stderr) as progress:
        model = models.resolve_model(args.name, args.models_dir, progress=progress)
    targets = _targets(model, kinds, args.output)
    yardstick = _yardstick(model, args) if args.check is not None else None
    for kind, target in zip(kinds, targets):
        with shown(target.name, sys.stderr) as progress:
            path = quantize(model, target, kind, n_threads=args.n_threads, progress=progress)
        print(path, flush=True)
        if yardstick is not None:
            print(_words(yardstick.check(path), model), flush=True)
    return 0


def _yardstick(model: Path, args: argparse.Namespace) -> Yardstick:
    from pywhispercpp.models.quantize_check import Yardstick

    return Yardstick(model, args.check, language=args.language.lower(), n_threads=args.n_threads)


def _targets(model: Path, kinds: Sequence[str], output: Path | None) -> list[Path]:
    from pywhispercpp.models.quantize import path_beside

    beside = [path_beside(model, kind) for kind in kinds]
    if output is None:
        return beside
    if output.is_dir():
        return [output / path.name for path in beside]
    if len(kinds) > 1:
        raise UsageError(f"-o {output}: several kinds need a folder that is there, not one file")
    return [output]


def _words(found: QuantizeCheck, model: Path) -> str:
    """What --check tells of one result."""
    same = "the same" if found.text == found.text_before else found.text_before
    return (
        f"  size           {megabytes(found.size)}, {found.size / found.size_before:.2f} of "
        f"{megabytes(found.size_before)}\n"
        f"  encoder error  {found.encoder_error:.4f} (relative L2 against {model.name})\n"
        f"  text           {found.text}\n"
        f"  text before    {same}"
    )
