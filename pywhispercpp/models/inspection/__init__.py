"""What is in a model file: ggml, the ggml VAD model, OpenVINO IR, ONNX or TFLite; by its content."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.inspection.report import ModelReport, TensorReport, TypeTotal
from pywhispercpp.models.paths import as_path, existing

__all__ = ["ModelReport", "TensorReport", "TypeTotal", "inspect"]

_HEAD = 64  # bytes that tell one kind from another


def inspect(
    name_or_path: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None = None
) -> ModelReport:
    """Read what a model file says about itself; its weights are not read, but for those of ONNX.

    name_or_path: a file of any of the kinds, or the name of a model in `models_dir` (default:
    `default_models_dir()`); nothing is downloaded. Raises ModelNotFoundError, MissingPackageError for ONNX
    and TFLite without pywhispercpp[onnx] or [tflite], and ModelError for every other file: what is wrong with
    it, and at which byte.
    """
    path = _found(name_or_path, models_dir)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        # By name: each kind's module is imported when there is such a file.
        report: ModelReport = import_module(f"{__name__}.{_kind(path, head)}").read(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
    return report


def _found(name_or_path: str | os.PathLike[str], models_dir: str | os.PathLike[str] | None) -> Path:
    found = existing(name_or_path, models_dir)
    if found is not None:
        return found
    path = as_path("model", name_or_path)
    if path.is_dir():
        raise ModelError(f"{path}: this is a directory; give the model file inside it")
    if path.exists():  # opening a named pipe would wait for ever
        raise ModelError(f"{path}: not a regular file; a model must be one")
    raise ModelNotFoundError(
        f"{path}: there is no such file, and no model of that name is here (pywhispercpp models list --here)"
    )


def _kind(path: Path, head: bytes) -> str:
    """The module that reads a file which begins with `head`."""
    if head.startswith(ggml_file.MAGIC):
        return "silero" if head[8:14] == b"silero" else "ggml"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head.lstrip().startswith((b"<?xml", b"<net")):
        return "openvino"
    # ModelProto's first field is ir_version, of which there have been about a dozen.
    if len(head) > 1 and head[0] == 0x08 and 0 < head[1] < 64:
        return "onnx"
    raise ModelError(f"{path}: {_unknown(path, head)}")


def _unknown(path: Path, head: bytes) -> str:
    if not head:
        return "the file is empty (byte 0 of 0)"
    xml = path.with_suffix(".xml")
    if path.suffix == ".bin" and xml.is_file():
        return f"these are the weights of an OpenVINO IR; inspect {xml}"
    seems = ggml_file.looks_like(head)
    words = f"; it looks like {seems}" if seems else ""
    return (
        f"not a model of any known kind (byte 0: {head[:8]!r}){words}. Known are ggml Whisper and VAD files, "
        "OpenVINO IR, ONNX and TFLite"
    )
