"""The same weights by every road are the same file: the official one, for the real tiny.en."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp.models import MODELS, convert_model
from pywhispercpp.models.convert import vocabulary
from pywhispercpp.models.ggml_file import check
from pywhispercpp.models.ggml_layout import GgmlHeader
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.hashes import digest, matches
from pywhispercpp.models.quantize import quantize
from tests.small_model import HEADER
from tests.whisper_weights import (
    Arrays,
    bfloat16,
    config,
    ctranslate2,
    hugging_face,
    hugging_face_folder,
    network,
    openai,
    safetensors,
    torch_legacy,
    torch_zip,
)

Road = Callable[[Path, Arrays, GgmlHeader], Path]


@pytest.fixture(scope="module")
def tiny(tiny_en: Path) -> tuple[Arrays, GgmlHeader]:
    """The weights of the real tiny.en, as float16 as OpenAI published them, and its header."""
    with GgmlTensors(tiny_en) as tensors:
        arrays: Arrays = {name: tensors[name].astype(np.float16) for name in tensors}
        header = tensors.header
    for name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        arrays[name] = arrays[name].reshape(-1)
    return arrays, header


@pytest.fixture(scope="module")
def small() -> Arrays:
    return network()


def english(assets: Path) -> dict[str, int]:
    """The English vocab.json."""
    letters = {byte: letter for letter, byte in vocabulary._BYTES.items()}
    tokens = vocabulary.of_tiktoken(assets / "gpt2.tiktoken")
    table = {"".join(letters[byte] for byte in token): number for number, token in enumerate(tokens)}
    return {**table, "<|endoftext|>": 50256}


def openai_pt(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    path = folder / "tiny.en.pt"
    path.write_bytes(torch_zip(openai(arrays, header)))
    return path


def openai_legacy(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    path = folder / "old.pt"
    path.write_bytes(torch_legacy(openai(arrays, header)))
    return path


def openai_f32(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    return openai_pt(folder, {name: array.astype(np.float32) for name, array in arrays.items()}, header)


def hf_safetensors(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    return hugging_face_folder(folder / "hf", arrays, header)


def hf_shards(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    """Two files and an index, float32, names without "model.", a second name for the token embedding."""
    named = hugging_face({name: array.astype(np.float32) for name, array in arrays.items()}, "")
    parts = [dict(list(named.items())[half::2]) for half in range(2)]
    parts[1]["proj_out.weight"] = named["decoder.embed_tokens.weight"]
    files = {f"model-{n}-of-2.safetensors": part for n, part in enumerate(parts, 1)}
    table = {name: file for file, part in files.items() for name in part}
    (folder / "config.json").write_text(json.dumps(config(header)))
    for file, part in files.items():
        (folder / file).write_bytes(safetensors(part))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}))
    return folder


def hf_pytorch(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    (folder / "config.json").write_text(json.dumps(config(header)))
    (folder / "pytorch_model.bin").write_bytes(torch_zip(hugging_face(arrays)))
    return folder


def ct2(folder: Path, arrays: Arrays, header: GgmlHeader) -> Path:
    (folder / "model.bin").write_bytes(ctranslate2(arrays))
    return folder / "model.bin"


ROADS = (openai_pt, openai_legacy, openai_f32, hf_safetensors, hf_shards, hf_pytorch, ct2)


@pytest.mark.parametrize("road", ROADS)
def test_the_real_tiny_en_is_the_official_file(
    road: Road, tiny: tuple[Arrays, GgmlHeader], assets: Path, tmp_path: Path
) -> None:
    expected = MODELS["tiny.en"].hash
    assert expected is not None
    made = convert_model(road(tmp_path, *tiny), tmp_path / "x.bin", assets=assets)
    assert matches(made, expected)


def test_its_own_vocabulary_gives_the_official_file_too(
    tiny: tuple[Arrays, GgmlHeader], assets: Path, tmp_path: Path
) -> None:
    """From vocab.json with added_tokens.json, and from tokenizer.json; only the filters are OpenAI's."""
    expected = MODELS["tiny.en"].hash
    assert expected is not None
    folder = hugging_face_folder(tmp_path / "hf", *tiny)
    table, added = english(assets), {"<|startoftranscript|>": 50257, "<|notimestamps|>": 50362}
    only_filters = tmp_path / "assets"
    only_filters.mkdir()
    (only_filters / "mel_filters.npz").symlink_to(assets / "mel_filters.npz")
    (folder / "vocab.json").write_text(json.dumps(table))
    (folder / "added_tokens.json").write_text(json.dumps(added))
    assert matches(convert_model(folder, tmp_path / "x.bin", assets=only_filters), expected)
    (folder / "vocab.json").unlink()
    tokens = [{"content": text, "id": number} for text, number in added.items()]
    whole = {"model": {"type": "BPE", "vocab": table}, "added_tokens": tokens}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    assert matches(convert_model(folder, tmp_path / "y.bin", assets=only_filters), expected)


@pytest.mark.parametrize("dtype", ["f32", "q5_1"])
def test_every_road_agrees_in_every_type(dtype: str, small: Arrays, assets: Path, tmp_path: Path) -> None:
    found = set()
    for road in ROADS:
        folder = tmp_path / road.__name__
        folder.mkdir()
        made = convert_model(road(folder, small, HEADER), dtype=dtype, assets=assets)
        assert made.name.endswith(f"-{dtype}.bin") and check(made).weight_type.name == dtype
        found.add(digest(made, "sha256"))
    assert len(found) == 1


def test_a_quantized_type_is_what_the_quantizer_makes_of_the_f16_file(
    small: Arrays, assets: Path, tmp_path: Path
) -> None:
    source = openai_pt(tmp_path, small, HEADER)
    plain = convert_model(source, tmp_path / "f16.bin", assets=assets)
    for dtype in ("q8_0", "q5_0"):
        made = convert_model(source, tmp_path / "a.bin", dtype=dtype, assets=assets)
        assert made.read_bytes() == quantize(plain, tmp_path / "b.bin", dtype).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", "b.bin", "f16.bin", "tiny.en.pt"]


def test_f32_keeps_what_f16_rounds(assets: Path, tmp_path: Path) -> None:
    arrays = network(dtype="float32")
    source = openai_pt(tmp_path, arrays, HEADER)
    with GgmlTensors(convert_model(source, tmp_path / "x.bin", dtype="f32", assets=assets)) as tensors:
        for name in tensors:
            np.testing.assert_array_equal(tensors[name].reshape(arrays[name].shape), arrays[name], name)
    with GgmlTensors(convert_model(source, tmp_path / "y.bin", assets=assets)) as tensors:
        bias, matrix = "encoder.blocks.0.mlp.0.bias", "encoder.blocks.0.mlp.0.weight"
        np.testing.assert_array_equal(tensors[bias], arrays[bias])
        np.testing.assert_array_equal(tensors[matrix], arrays[matrix].astype(np.float16))


def test_bfloat16_comes_by_three_roads(small: Arrays, assets: Path, tmp_path: Path) -> None:
    arrays = {name: bfloat16(array) for name, array in small.items()}
    found = set()
    for road in (openai_pt, hf_safetensors, ct2):
        folder = tmp_path / road.__name__
        folder.mkdir()
        made = convert_model(road(folder, arrays, HEADER), tmp_path / "x.bin", assets=assets)
        found.add(digest(made, "sha256"))
    assert len(found) == 1
    with GgmlTensors(made) as tensors:
        name = "encoder.blocks.0.mlp.0.bias"
        expected = (arrays[name].astype(np.uint32) << 16).view(np.float32)
        np.testing.assert_array_equal(tensors[name], expected)


@pytest.mark.parametrize(("kind", "error"), [("int8", 0.02), ("int16", 0.003)])
def test_whole_numbers_of_ctranslate2_are_close(
    kind: str, error: float, small: Arrays, assets: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(ctranslate2(small, kind))
    with GgmlTensors(convert_model(path, tmp_path / "x.bin", assets=assets)) as tensors:
        for name, array in small.items():
            off = tensors[name].reshape(array.shape) - array
            assert np.linalg.norm(off) <= error * np.linalg.norm(array.astype(np.float32)), name


def test_fewer_decoder_layers_and_a_model_of_128_bands(assets: Path, tmp_path: Path) -> None:
    header = replace(HEADER, n_vocab=51866, n_text_layer=2, n_mels=128)
    folder = hugging_face_folder(tmp_path / "distil", network(header), header)
    made = convert_model(folder, assets=assets)
    assert made == folder / "ggml-distil.bin"
    found = check(made)
    assert (found.n_audio_layer, found.n_text_layer, found.n_mels, found.n_vocab) == (4, 2, 128, 51866)
