"""`pywhispercpp models inspect FILE`: what is in a model file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence

from pywhispercpp import models
from pywhispercpp.cli.models.columns import amount, columns
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.models.inspection import ModelReport, TensorReport

__all__ = ["add_parser", "run"]

FEW = 5  # tensors that are shown when not all are asked for

EPILOG = """examples:
  pywhispercpp models inspect base
  pywhispercpp models inspect base --tensors
  pywhispercpp models inspect ggml-base-encoder-openvino.xml
  pywhispercpp models inspect encoder.onnx --json

What a file is is seen by its content: a ggml Whisper or VAD model, an OpenVINO IR (its .xml), ONNX
(pip install 'pywhispercpp[onnx]') or TFLite (pip install 'pywhispercpp[tflite]'). Shapes have the slowest
dimension first, as in numpy. Nothing is downloaded.

exit codes:
  0 it is whole   1 it is damaged, unknown or not there   2 usage error"""


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "inspect",
        help="look into a model file",
        description="Print what a model file says about itself: header, inputs, outputs, types and tensors.",
        epilog=EPILOG,
    )
    parser.add_argument("model", metavar="FILE", help="a model file, or the name of a model that is here")
    parser.add_argument(
        "--tensors", action="store_true", help=f"print every tensor (default: the {FEW} largest)"
    )
    parser.add_argument("--json", action="store_true", help="print all of it, every tensor too, as JSON")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    report = models.inspect(args.model, args.models_dir)
    if args.json:
        print(json.dumps(report.as_dict(), indent=2))
        return 0
    print(f"{report.path}: {report.kind}, {report.size} bytes ({amount(report.size)})")
    for title, text in _parts(report, every=args.tensors):
        print(f"\n{title}\n{text}")
    return 0


def _parts(report: ModelReport, *, every: bool) -> Iterator[tuple[str, str]]:
    """What there is to print below the first line, part by part."""
    yield "header", columns([(name, str(value)) for name, value in report.header.items()])
    for title, ends in (("inputs", report.inputs), ("outputs", report.outputs)):
        if ends:
            yield title, columns([(one.name, _shape(one), one.type) for one in ends])
    if report.operations:
        counted = [(str(count), name) for name, count in report.operations.items()]
        yield f"operations: {sum(report.operations.values())}", columns(counted, right=(0,))
    if report.tensors:
        some = f"{len(report.tensors)} tensor{'' if len(report.tensors) == 1 else 's'}"
        yield f"types: {amount(report.tensor_bytes)} in {some}", _types(report)
        shown = report.tensors if every else sorted(report.tensors, key=lambda one: -one.bytes)[:FEW]
        rest = len(report.tensors) - len(shown)
        title = f"the {len(shown)} largest tensors (--tensors prints {rest} more)" if rest else "tensors"
        yield title, _tensors(shown)


def _types(report: ModelReport) -> str:
    whole = report.tensor_bytes or 1
    rows = [
        (one.type, str(one.tensors), amount(one.bytes), f"{100 * one.bytes / whole:.1f}%")
        for one in report.types
    ]
    return columns(rows, right=(1, 2, 3))


def _tensors(tensors: Sequence[TensorReport]) -> str:
    return columns([(one.name, _shape(one), one.type, str(one.bytes)) for one in tensors], right=(3,))


def _shape(tensor: TensorReport) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
