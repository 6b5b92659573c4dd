"""Silero VAD models in ggml form: checked before whisper.cpp reads them, which trusts every number there."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.errors import ModelError, ModelNotFoundError

MAGIC = 0x67676D6C
MOST_NAME = 128  # bytes of a tensor's name
SIZES = {0: 4, 1: 2}  # bytes of an element by ggml type: f32, f16
WINDOW, CONTEXT = 512, 64  # samples in a step and carried over from the last; the graph is built for these
LAYERS = (
    (129, 128, 3),
    (128, 64, 3),
    (64, 64, 3),
    (64, 128, 3),
)  # encoder: channels in, channels out, kernel
TENSORS = 15


def check(path: Path) -> None:
    """Raise ModelError unless `path` is a whole Silero VAD model with the sizes whisper.cpp is built for."""
    if not path.is_file():
        raise ModelNotFoundError(f"vad_model_path={str(path)!r}: there is no such file")
    try:
        with path.open("rb") as file:
            _check_header(file)
            _check_tensors(file, path.stat().st_size)
    except (struct.error, ValueError) as error:
        reason = "the file is cut short" if isinstance(error, struct.error) else str(error)
        raise ModelError(
            f"{path} is no Silero VAD model in ggml form: {reason}; this gets a good one: "
            "pywhispercpp models download silero-vad"
        ) from None


def _ints(file: BinaryIO, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", file.read(4 * count))


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


def _check_header(file: BinaryIO) -> None:
    magic, length = _ints(file, 2)
    _expect(magic == MAGIC, "the magic number is wrong")
    _expect(0 < length <= MOST_NAME, "the name of the model type is missing")
    _expect(file.read(length).startswith(b"silero"), "the model type is not silero")
    _ints(file, 3)  # version
    window, context, layers = _ints(file, 3)
    _expect((window, context, layers) == (WINDOW, CONTEXT, len(LAYERS)), "the header has other sizes")
    for layer in LAYERS:
        _expect(_ints(file, 3) == layer, "an encoder layer has another shape")
    _expect(_ints(file, 4) == (128, 128, 128, 1), "the last layers have other shapes")


def _check_tensors(file: BinaryIO, size: int) -> None:
    count = 0
    while file.tell() < size:
        dimensions, length, kind = _ints(file, 3)
        _expect(
            0 <= dimensions <= 4 and 0 < length <= MOST_NAME and kind in SIZES, f"tensor {count} is damaged"
        )
        elements = 1
        for extent in _ints(file, dimensions):
            _expect(0 < extent < 2**20, f"tensor {count} has a wrong size")
            elements *= extent
        file.seek(length + elements * SIZES[kind], 1)
        count += 1
        _expect(file.tell() <= size, "the file is cut short")
    _expect(count == TENSORS, f"it has {count} tensors instead of {TENSORS}")
