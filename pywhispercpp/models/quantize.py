"""Stores the matrices of a ggml model in fewer bits, as whisper.cpp's own quantize tool does."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pywhispercpp import _core
from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.ggml_layout import FILE_TYPES, TensorPlace, TensorType
from pywhispercpp.models.part_file import exclusive_part
from pywhispercpp.models.progress import Progress, QuietProgress

__all__ = ["KINDS", "quantize"]

#: What the matrices may be stored as, by ggml's name for it: the number in the file's header.
KINDS = {kind.name: ftype for ftype, kind in FILE_TYPES.items() if kind.block > 1}
_QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION: how ggml 0.13 packs blocks
_FTYPE_AT = 44  # the last number of the header


def quantize(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str],
    kind: str = "q8_0",
    *,
    progress: Progress | None = None,
) -> Path:
    """Write `model`, an f16 or f32 ggml file, to `target` with its matrices as `kind`; return it.

    Biases, norms, convolutions and positional embeddings stay as they are. `target` appears whole or not at
    all. Raises OptionError for an unknown kind, ModelError for a model that is not f16 or f32.
    """
    if kind not in KINDS:
        raise OptionError(f"kind={kind!r}: one of {', '.join(KINDS)} is needed")
    source, out = Path(model), Path(target)
    found = ggml_file.contents(source)
    if found.header.weight_type.block > 1:
        raise ModelError(
            f"{source}: its matrices are {found.header.weight_type.name} already; quantize the f16 model"
        )
    wanted = FILE_TYPES[KINDS[kind]]
    if found.header.n_audio_state % wanted.block:
        raise ModelError(f"{source}: rows of {found.header.n_audio_state} are no whole blocks of {kind}")
    with source.open("rb") as file, exclusive_part(out, progress or QuietProgress()) as part:
        part.truncate(0)
        part.seek(0)
        for piece in _pieces(file, found.tensors, KINDS[kind], wanted):
            _write(part, piece)
        os.fsync(part.fileno())
        out.with_name(out.name + ".part").replace(out)
    return out


def _pieces(file: BinaryIO, tensors: dict[str, TensorPlace], ftype: int, kind: TensorType) -> Iterator[bytes]:
    """The new file, piece by piece: what lies before each tensor's weights, then the weights."""
    at = 0
    for name, place in sorted(tensors.items(), key=lambda item: item[1].offset):
        before = bytearray(file.read(place.offset - at))
        if at == 0:
            struct.pack_into("<i", before, _FTYPE_AT, _QUANTIZATION_VERSION * 1000 + ftype)
        weights = file.read(place.size)
        at = place.offset + place.size
        if _is_matrix(name, place):
            # The tensor's header ends with its type, two sizes and its name.
            struct.pack_into("<i", before, len(before) - len(name) - 12, kind.code)
            weights = _quantized(weights, place, kind)
        yield bytes(before)
        yield weights


def _is_matrix(name: str, place: TensorPlace) -> bool:
    """Whether whisper.cpp takes a tensor in the header's type: no bias, no positional embedding."""
    return name.endswith(".weight") and len(place.shape) == 2


def _quantized(weights: bytes, place: TensorPlace, kind: TensorType) -> bytes:
    columns, rows = place.shape
    values = _core.dequantize(place.kind.code, weights, rows * columns)
    return _core.quantize(kind.code, np.ascontiguousarray(values.reshape(rows, columns)))


def _write(part: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:  # unbuffered: a write may take less
        view = view[part.write(view) :]
