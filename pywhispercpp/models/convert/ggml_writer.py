"""A network as the ggml file that whisper.cpp's own converter writes of OpenAI's checkpoint.

Source of the order: what models/convert-pt-to-ggml.py of whisper.cpp meets in OpenAI's checkpoints, read off
the official files.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.names import OUTPUT
from pywhispercpp.models.convert.weights import Array, Shape, Weights
from pywhispercpp.models.ggml_file import MAGIC
from pywhispercpp.models.ggml_layout import GgmlHeader, TensorType, expected_tensors
from pywhispercpp.models.progress import Progress

__all__ = ["look_at", "write"]

_CONV_BIASES = ("encoder.conv1.bias", "encoder.conv2.bias")
_QKV_OUT = ("query", "key", "value", "out")

Expected = dict[str, tuple[Shape, TensorType]]  # numpy's order: slowest dimension first


def look_at(weights: Weights, header: GgmlHeader) -> None:
    """Raise ModelError, by the tensor's name, unless these are just the tensors that the header asks for."""
    wanted = _expected(header)
    missing = [name for name in wanted if name not in weights.shapes]
    if missing:
        raise ModelError(
            f"{weights.path}: {len(missing)} of {len(wanted)} tensors are missing: {_few(missing)}"
        )
    if unknown := sorted(set(weights.shapes) - set(wanted) - {OUTPUT}):
        raise ModelError(
            f"{weights.path}: {len(unknown)} tensors are not Whisper's: {_few(unknown)}. Adapters (LoRA) "
            "have to be merged into the model first, and quantized weights made floats again"
        )
    for name, (shape, _) in wanted.items():
        if weights.shapes[name] != shape:
            found = list(weights.shapes[name])
            raise ModelError(f"{weights.path}: tensor {name} has shape {found}, expected {list(shape)}")
    numbers = sum(_count(shape) for shape, _ in wanted.values())
    if numbers > weights.bytes * 2:  # the smallest numbers that there are have 4 bits
        raise ModelError(
            f"{weights.path}: {weights.bytes} bytes cannot hold the {numbers} numbers they promise"
        )


def write(
    weights: Weights, header: GgmlHeader, filters: Path, tokens: list[bytes], out: BinaryIO, to: Progress
) -> None:
    """Write the file to `out`, whose header, filters and tokens are given; memory stays at one tensor."""
    _look_at_output(weights)
    numbers = [*vars(header).values()][:10]
    out.write(MAGIC + struct.pack("<11i", *numbers, header.ftype))
    _write_mel_filters(filters, header.n_mels, out)
    out.write(struct.pack("<i", len(tokens)))
    out.write(b"".join(struct.pack("<i", len(token)) + token for token in tokens))
    wanted = _expected(header)
    total = sum(kind.bytes_for(shape) for shape, kind in wanted.values())
    done = 0
    for name in _order(header):
        shape, kind = wanted[name]
        _write_tensor(name, _converted(weights, name, kind), kind, out)
        done += kind.bytes_for(shape)
        to.at(done, total)


def _expected(header: GgmlHeader) -> Expected:
    """Shape, as in OpenAI's checkpoint, and type of every tensor."""
    wanted = {name: (shape[::-1], kind) for name, shape, kind in expected_tensors(header)}
    for name in _CONV_BIASES:
        wanted[name] = (wanted[name][0][:1], wanted[name][1])
    return wanted


def _count(shape: Shape) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _look_at_output(weights: Weights) -> None:
    """Raise ModelError for an output matrix that is not the token embedding: whisper.cpp knows only that."""
    if OUTPUT not in weights.shapes:
        return
    embedding = weights.tensors["decoder.token_embedding.weight"]
    if not np.array_equal(weights.tensors[OUTPUT], embedding):
        raise ModelError(
            f"{weights.path}: {OUTPUT} is not the token embedding; whisper.cpp has no matrix of its own "
            "for it"
        )


def _order(header: GgmlHeader) -> Iterator[str]:
    yield "decoder.positional_embedding"
    yield "encoder.positional_embedding"
    yield "decoder.token_embedding.weight"
    for layer in range(header.n_text_layer):
        yield from _block(f"decoder.blocks.{layer}", ("attn", "cross_attn"))
    yield from _both("decoder.ln")
    yield from _both("encoder.conv1")
    yield from _both("encoder.conv2")
    for layer in range(header.n_audio_layer):
        yield from _block(f"encoder.blocks.{layer}", ("attn",))
    yield from _both("encoder.ln_post")


def _block(name: str, attentions: tuple[str, ...]) -> Iterator[str]:
    for part in ("mlp_ln", "mlp.0", "mlp.2"):
        yield from _both(f"{name}.{part}")
    for attention in attentions:
        yield from _both(f"{name}.{attention}_ln")
        for part in _QKV_OUT:
            yield f"{name}.{attention}.{part}.weight"
            if part != "key":
                yield f"{name}.{attention}.{part}.bias"


def _both(name: str) -> Iterator[str]:
    yield f"{name}.weight"
    yield f"{name}.bias"


def _converted(weights: Weights, name: str, kind: TensorType) -> Array:
    """One tensor as it is stored; ModelError for numbers that are none, or too large for float16."""
    data = weights.tensors[name]
    with np.errstate(over="ignore", invalid="ignore"):
        array = np.ascontiguousarray(data, "<f2" if kind.name == "f16" else "<f4")
    if not np.isfinite(array).all():
        why = "is not finite (NaN or infinity)"
        if np.isfinite(data).all():
            largest = float(np.abs(data).max())
            why = f"is too large for {kind.name}: {largest:.6g}; choose dtype f32 (--dtype f32)"
        raise ModelError(f"{weights.path}: a number in tensor {name} {why}")
    # whisper.cpp adds these to a matrix of channels by time.
    return array.reshape(-1, 1) if name in _CONV_BIASES else array


def _write_mel_filters(path: Path, n_mels: int, out: BinaryIO) -> None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            filters = arrays[f"mel_{n_mels}"].astype("<f4")
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path}: no mel filters for {n_mels} bands: {error}") from error
    filters += np.float32(0)  # the file holds one -0.0, the official models +0.0
    out.write(struct.pack("<2i", *filters.shape) + filters.tobytes())


def _write_tensor(name: str, array: Array, kind: TensorType, out: BinaryIO) -> None:
    raw = name.encode()
    out.write(struct.pack("<3i", array.ndim, len(raw), kind.code))
    out.write(struct.pack(f"<{array.ndim}i", *reversed(array.shape)) + raw)
    out.write(array.tobytes())
