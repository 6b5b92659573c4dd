"""Makes real ggml Whisper files of the smallest network that there can be, in any type."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np

from pywhispercpp import _core
from pywhispercpp.models.ggml_layout import GgmlHeader, TensorType, expected_tensors

HEADER = GgmlHeader(51864, 1500, 64, 1, 4, 448, 64, 1, 1, 80, 1, 0)  # the smallest network that passes
TOKENS = 50257


def header_bytes(header: GgmlHeader) -> bytes:
    numbers = [*vars(header).values()][:10]
    return b"lmgg" + struct.pack("<11i", *numbers, header.quantization_version * 1000 + header.ftype)


def tensor_bytes(name: str, shape: tuple[int, ...], code: int, weights: bytes) -> bytes:
    head = struct.pack(f"<3i{len(shape)}i", len(shape), len(name), code, *shape)
    return head + name.encode() + weights


def model_bytes(header: GgmlHeader, seed: int | None = None) -> bytearray:
    """A whole model file with this header; weights of zero, or random ones in the encoder."""
    out = bytearray(header_bytes(header) + struct.pack("<2i", header.n_mels, 201))
    out += bytes(4 * header.n_mels * 201) + struct.pack("<i", TOKENS) + struct.pack("<i1s", 1, b"a") * TOKENS
    rng = None if seed is None else np.random.default_rng(seed)
    for name, shape, kind in expected_tensors(header):
        weights = bytes(kind.bytes_for(shape))
        if rng is not None and name.startswith("encoder."):
            weights = random_weights(rng, name, shape, kind)
        out += tensor_bytes(name, shape, kind.code, weights)
    return out


def random_weights(rng: np.random.Generator, name: str, shape: tuple[int, ...], kind: TensorType) -> bytes:
    """Of such a size that activations neither vanish nor grow from layer to layer."""
    fan_in = np.prod(shape[:-1]) if name.endswith("weight") and len(shape) > 1 else 100
    values = rng.standard_normal(shape[::-1], np.float32) / np.float32(np.sqrt(fan_in))
    if "ln" in name and name.endswith("weight"):
        values += np.float32(1)
    return _core.quantize(kind.code, values.reshape(-1, shape[0]))


def write(path: Path, state: int = 64, *, seed: int = 1, **changes: int) -> Path:
    """Write a model of `state` channels, random weights in its encoder; `changes` are header numbers."""
    width = {"n_audio_state": state, "n_text_state": state}
    heads = {"n_audio_head": state // 64, "n_text_head": state // 64}
    path.write_bytes(model_bytes(replace(HEADER, **width, **heads, **changes), seed))
    return path
