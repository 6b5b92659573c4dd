"""Looks into a Silero VAD model in ggml form."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp import vad_file
from pywhispercpp.models.inspection.byte_reader import ByteReader
from pywhispercpp.models.inspection.report import ModelReport, TensorReport

__all__ = ["read"]

_TYPES = {0: ("f32", 4), 1: ("f16", 2)}
_MOST_LAYERS = 64
_MOST_EXTENT = 1 << 20


def read(path: Path) -> ModelReport:
    """Report on the file; raises ModelError for what is damaged, or of other sizes than whisper.cpp's."""
    with ByteReader(path, "Silero VAD model for whisper.cpp") as file:
        header, at = _header(file)
        tensors = []
        while at < file.size:
            tensor, at = _tensor(file, at)
            tensors.append(tensor)
    vad_file.check(path)
    kind = "Silero VAD model for whisper.cpp (ggml)"
    return ModelReport(path, kind, path.stat().st_size, header, tuple(tensors))


def _header(file: ByteReader) -> tuple[dict[str, str | int], int]:
    """What the header says, and where it ends."""
    (length,) = file.numbers(4, "<i", "the header")
    if not 0 < length <= vad_file.MOST_NAME:
        raise file.error(f"a model type of {length} bytes", 4)
    name = file.take(8, length, "the model type").decode("utf-8", "backslashreplace")
    at = 8 + length
    *version, window, context, layers = file.numbers(at, "<6i", "the header")
    if not 0 <= layers <= _MOST_LAYERS:
        raise file.error(f"{layers} encoder layers", at + 20)
    at += 24
    header: dict[str, str | int] = {
        "model": name,
        "version": ".".join(map(str, version)),
        "window": window,
        "context": context,
    }
    for layer in range(layers):
        sizes = file.numbers(at, "<3i", f"encoder layer {layer}")
        header[f"encoder {layer}"] = "{} -> {}, kernel {}".format(*sizes)
        at += 12
    header["lstm"] = "{} -> {}".format(*file.numbers(at, "<2i", "the LSTM's sizes"))
    header["final"] = "{} -> {}".format(*file.numbers(at + 8, "<2i", "the last layer's sizes"))
    return header, at + 16


def _tensor(file: ByteReader, at: int) -> tuple[TensorReport, int]:
    """The tensor whose header begins at `at`, and where the next one begins."""
    dimensions, length, code = file.numbers(at, "<3i", "a tensor header")
    if not (0 <= dimensions <= 4 and 0 < length <= vad_file.MOST_NAME and code in _TYPES):
        words = f"{dimensions} dimensions, a name of {length} bytes, type {code}"
        raise file.error(f"no tensor header here: {words}", at)
    shape = file.numbers(at + 12, f"<{dimensions}i", "a tensor header")
    name_at = at + 12 + 4 * dimensions
    name = file.take(name_at, length, "a tensor's name").decode("utf-8", "backslashreplace")
    kind, size = _TYPES[code]
    for extent in shape:
        if not 0 < extent < _MOST_EXTENT:
            raise file.error(f"tensor {name} has shape {list(shape)}", at + 12)
        size *= extent
    start = name_at + length
    if size > file.size - start:
        raise file.error(f"the file ends inside tensor {name}: {size} bytes needed", start)
    return TensorReport(name, shape[::-1], kind, size, start), start + size
