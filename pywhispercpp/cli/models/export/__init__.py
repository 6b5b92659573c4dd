"""`pywhispercpp models export FORMAT NAME`: write a model in another format; one file per format."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.models.export import hailo, onnx, openvino, tflite

__all__ = ["add_parser"]


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action and its formats, each with add_parser(formats) and run(args) -> exit code."""
    parser = actions.add_parser("export", help="write a model in another format")
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    for export in (openvino, onnx, tflite, hailo):
        export.add_parser(formats)
