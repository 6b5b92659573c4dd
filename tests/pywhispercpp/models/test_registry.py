"""The table of published models against what can be counted and made here."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelNotFoundError
from pywhispercpp.models import MODELS, ggml_file
from pywhispercpp.models.ggml_layout import FILE_TYPES, GgmlHeader, expected_tensors
from pywhispercpp.models.quantize import quantize
from pywhispercpp.models.registry import VAD, find

# Channels, encoder layers, decoder layers.
SHAPES = {
    "tiny": (384, 4, 4),
    "base": (512, 6, 6),
    "small": (768, 12, 12),
    "medium": (1024, 24, 24),
    "large": (1280, 32, 32),
    "turbo": (1280, 32, 4),
}
WHISPER = [name for name, model in MODELS.items() if model.is_whisper]


def header(name: str) -> GgmlHeader:
    """The header that the file of a published model has."""
    state, encoder, decoder = SHAPES["turbo" if "turbo" in name else name.split("-")[0].split(".")[0]]
    v3 = name.startswith("large-v3")
    vocabulary = 51864 if ".en" in name else 51866 if v3 else 51865
    kinds = {kind.name: ftype for ftype, kind in FILE_TYPES.items()}
    ftype = next((number for kind, number in kinds.items() if name.endswith(kind)), 1)
    heads = state // 64
    mels = 128 if v3 else 80
    return GgmlHeader(vocabulary, 1500, state, heads, encoder, 448, state, heads, decoder, mels, ftype, 0)


def size_without_vocabulary(about: GgmlHeader) -> int:
    tensors = sum(
        12 + 4 * len(shape) + len(name) + kind.bytes_for(shape)
        for name, shape, kind in expected_tensors(about)
    )
    return 48 + 8 + 4 * about.n_mels * 201 + tensors


@pytest.mark.parametrize("name", WHISPER)
def test_a_size_is_that_of_the_networks_shape(name: str, tiny_en: Path, base: Path) -> None:
    real = tiny_en if ".en" in name else base
    vocabulary = real.stat().st_size - size_without_vocabulary(ggml_file.check(real))
    if name.endswith("tdrz"):
        vocabulary -= 4 + len("<|endoftext|>")
    assert MODELS[name].size == size_without_vocabulary(header(name)) + vocabulary


@pytest.mark.parametrize("name", ["tiny.en", "base"])
def test_a_header_is_the_one_counted_with(name: str, tiny_en: Path, base: Path) -> None:
    found = ggml_file.check({"tiny.en": tiny_en, "base": base}[name])
    assert replace(found, quantization_version=0) == header(name)


@pytest.mark.parametrize("name", ["tiny.en-q8_0", "tiny.en-q5_1", "base-q8_0", "base-q5_1"])
def test_a_quantized_file_made_here_has_the_published_hash(
    name: str, tiny_en: Path, base: Path, tmp_path: Path
) -> None:
    kind = name[-4:]
    made = quantize(tiny_en if "tiny" in name else base, tmp_path / "made.bin", kind)
    content = bytearray(made.read_bytes())
    if kind == "q5_1":  # published when ggml's quantization version was 1: the blocks are the same
        (ftype,) = struct.unpack_from("<i", content, 44)
        struct.pack_into("<i", content, 44, ftype - 1000)
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == MODELS[name].hash


def test_upstreams_names_lead_to_the_same_models() -> None:
    assert find("silero-v6.2.0") is find(VAD) is MODELS[VAD]
    assert find("silero-v5.1.2").file_name == "ggml-silero-v5.1.2.bin"
    with pytest.raises(ModelNotFoundError, match="known models: tiny"):
        find("")
