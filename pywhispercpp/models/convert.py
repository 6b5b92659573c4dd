"""CTranslate2 Whisper weights -> the ggml file that whisper.cpp's own converter writes, byte for byte.

Source of the order: what models/convert-pt-to-ggml.py of whisper.cpp meets in OpenAI's checkpoints, read off
the official files. Checked by the hash of the official tiny.en.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.errors import ModelError
from pywhispercpp.models import verified_file
from pywhispercpp.models.ctranslate2 import CTranslate2File
from pywhispercpp.models.ggml_file import MAGIC, check

__all__ = ["convert"]

Array = NDArray[np.generic]
Tensor = tuple[str, Array]

_ENGLISH_VOCABULARY = 51864
_HEAD_SIZE = 64  # channels in one attention head, in every Whisper network
_AUDIO_CTX, _TEXT_CTX = 1500, 448
_F16 = 1  # ggml's ftype and tensor type


def convert(model_bin: Path, assets: Path, target: Path, expected: str | None = None) -> Path:
    """Write the ggml file of a CTranslate2 Whisper model; memory stays at one tensor.

    `assets` holds `gpt2.tiktoken`, `multilingual.tiktoken` and `mel_filters.npz` as openai-whisper ships
    them. Written beside `target`, checked (structure, and the hash `expected` as `algorithm:hex` if given),
    then renamed. Raises ModelError for a source that is no such model or a result that is not the expected
    file.
    """

    def write(out: BinaryIO) -> None:
        with CTranslate2File(model_bin) as source:
            _write(source, assets, out)

    return verified_file.make(target, model_bin, write, expected, check)


def _write(source: CTranslate2File, assets: Path, out: BinaryIO) -> None:
    state = source.shape("encoder/conv1/bias")[0]
    n_vocab = source.shape("decoder/embeddings/weight")[0]
    n_mels = source.shape("encoder/conv1/weight")[1]
    heads = state // _HEAD_SIZE
    audio = (_AUDIO_CTX, state, heads, source.layers("encoder"))
    text = (_TEXT_CTX, state, heads, source.layers("decoder"))
    out.write(MAGIC + struct.pack("<11i", n_vocab, *audio, *text, n_mels, _F16))
    _write_mel_filters(assets / "mel_filters.npz", n_mels, out)
    _write_vocabulary(assets, n_vocab, out)
    for name, data in _tensors(source):
        _write_tensor(name, data, out)


def _write_mel_filters(path: Path, n_mels: int, out: BinaryIO) -> None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            filters = arrays[f"mel_{n_mels}"].astype("<f4")
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: no mel filters for {n_mels} bands: {error}") from error
    filters += np.float32(0)  # the file holds one -0.0, the official models +0.0
    out.write(struct.pack("<2i", *filters.shape) + filters.tobytes())


def _write_vocabulary(assets: Path, n_vocab: int, out: BinaryIO) -> None:
    english = n_vocab == _ENGLISH_VOCABULARY
    path = assets / ("gpt2.tiktoken" if english else "multilingual.tiktoken")
    try:
        tokens = [
            base64.b64decode(line.split()[0]) for line in path.read_bytes().splitlines() if line.strip()
        ]
    except (OSError, binascii.Error) as error:
        raise ModelError(f"{path}: no vocabulary: {error}") from error
    if english:  # the official multilingual files leave the name of this token to whisper.cpp
        tokens.append(b"<|endoftext|>")
    out.write(struct.pack("<i", len(tokens)))
    out.write(b"".join(struct.pack("<i", len(token)) + token for token in tokens))


def _tensors(source: CTranslate2File) -> Iterator[Tensor]:
    yield "decoder.positional_embedding", source["decoder/position_encodings/encodings"]
    yield "encoder.positional_embedding", source["encoder/position_encodings/encodings"]
    yield "decoder.token_embedding.weight", source["decoder/embeddings/weight"]
    for layer in range(source.layers("decoder")):
        yield from _block(f"decoder.blocks.{layer}", f"decoder/layer_{layer}", source, cross=True)
    yield from _norm("decoder.ln", "decoder", source)
    for conv in ("conv1", "conv2"):
        yield from _linear(f"encoder.{conv}", f"encoder/{conv}", source)
    for layer in range(source.layers("encoder")):
        yield from _block(f"encoder.blocks.{layer}", f"encoder/layer_{layer}", source, cross=False)
    yield from _norm("encoder.ln_post", "encoder", source)


def _block(name: str, place: str, source: CTranslate2File, cross: bool) -> Iterator[Tensor]:
    yield from _norm(f"{name}.mlp_ln", f"{place}/ffn", source)
    yield from _linear(f"{name}.mlp.0", f"{place}/ffn/linear_0", source)
    yield from _linear(f"{name}.mlp.2", f"{place}/ffn/linear_1", source)
    yield from _norm(f"{name}.attn_ln", f"{place}/self_attention", source)
    yield from _attention(f"{name}.attn", f"{place}/self_attention", ("linear_0",), "linear_1", source)
    if cross:
        yield from _norm(f"{name}.cross_attn_ln", f"{place}/attention", source)
        yield from _attention(
            f"{name}.cross_attn", f"{place}/attention", ("linear_0", "linear_1"), "linear_2", source
        )


def _attention(
    name: str, place: str, fused: tuple[str, ...], out: str, source: CTranslate2File
) -> Iterator[Tensor]:
    """Query, key and value: CTranslate2 stacks all three (self) or the last two (cross) in one matrix."""
    weight = np.concatenate([source[f"{place}/{part}/weight"] for part in fused])
    bias = np.concatenate([source[f"{place}/{part}/bias"] for part in fused])
    if weight.shape[0] % 3 or bias.shape[0] != weight.shape[0]:
        raise ModelError(
            f"{source.path}: {place} has no query, key and value of one size: {list(weight.shape)}"
        )
    weights, biases = np.split(weight, 3), np.split(bias, 3)
    for part, matrix, shift in zip(("query", "key", "value"), weights, biases):
        yield f"{name}.{part}.weight", matrix
        if part != "key":  # Whisper's keys have no bias; CTranslate2 stores zeros
            yield f"{name}.{part}.bias", shift
    yield from _linear(f"{name}.out", f"{place}/{out}", source)


def _linear(name: str, place: str, source: CTranslate2File) -> Iterator[Tensor]:
    yield f"{name}.weight", source[f"{place}/weight"]
    yield f"{name}.bias", source[f"{place}/bias"]


def _norm(name: str, place: str, source: CTranslate2File) -> Iterator[Tensor]:
    yield f"{name}.weight", source[f"{place}/layer_norm/gamma"]
    yield f"{name}.bias", source[f"{place}/layer_norm/beta"]


def _write_tensor(name: str, data: Array, out: BinaryIO) -> None:
    if data.dtype.kind != "f":
        raise ModelError(
            f"{name} is stored as {data.dtype}; only float16 and float32 CTranslate2 models convert"
        )
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        data = data.reshape(-1, 1)  # whisper.cpp adds it to a matrix of channels by time
    half = name.endswith(".weight") and data.ndim >= 2
    array = np.ascontiguousarray(data, "<f2" if half else "<f4")
    raw = name.encode()
    out.write(struct.pack("<3i", array.ndim, len(raw), _F16 if half else 0))
    out.write(struct.pack(f"<{array.ndim}i", *reversed(array.shape)) + raw)
    out.write(array.tobytes())
