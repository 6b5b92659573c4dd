"""The weights of ggml files of every type, as float32."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models.ggml_layout import FILE_TYPES, expected_tensors
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests.reference_encoder import relative_error
from tests.small_model import HEADER, write

MATRIX = "encoder.blocks.3.mlp.2.weight"
# Relative L2 errors of each type on normally distributed weights; half a step, spread evenly, is behind them.
ERRORS = {
    "f32": 0.0, "f16": 3e-4, "q8_0": 0.008, "q6_K": 0.025, "q5_0": 0.05, "q5_1": 0.045, "q5_K": 0.045,
    "q4_0": 0.1, "q4_1": 0.09, "q4_K": 0.09, "q3_K": 0.17, "q2_K": 0.4,
}  # fmt: skip


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("exact") / "f32.bin", ftype=0)


def test_a_file_is_a_mapping_of_its_tensors(exact: Path) -> None:
    with GgmlTensors(exact) as tensors:
        assert list(tensors) == [name for name, _, _ in expected_tensors(tensors.header)]
        assert len(tensors) == 95 and MATRIX in tensors and "encoder.nothing" not in tensors
        shapes = {name: array.shape for name, array in tensors.items() if name.startswith("encoder.")}
    assert shapes[MATRIX] == (64, 256)
    assert shapes["encoder.conv1.weight"] == (64, 80, 3)
    assert shapes["encoder.positional_embedding"] == (1500, 64)


def test_values_are_those_that_were_written(exact: Path) -> None:
    rng = np.random.default_rng(1)  # as in tests/small_model.py: the first tensor of the file
    written = rng.standard_normal((1500, 64), np.float32) / np.float32(10)
    with GgmlTensors(exact) as tensors:
        found = tensors["encoder.positional_embedding"]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, written)
        with pytest.raises(KeyError):
            tensors["encoder.nothing"]


@pytest.mark.parametrize("ftype", FILE_TYPES)
def test_every_type(exact: Path, tmp_path: Path, ftype: int) -> None:
    kind = FILE_TYPES[ftype]
    state = max(64, kind.block)
    with GgmlTensors(write(tmp_path / "x.bin", state, ftype=ftype)) as tensors:
        found, norm = tensors[MATRIX], tensors["encoder.ln_post.weight"]
    with GgmlTensors(write(tmp_path / "exact.bin", state, ftype=0)) as tensors:
        error = relative_error(found, tensors[MATRIX])
        np.testing.assert_array_equal(norm, tensors["encoder.ln_post.weight"])
    assert ERRORS[kind.name] / 3 <= error <= ERRORS[kind.name]


def test_q8_0_by_hand(tmp_path: Path) -> None:
    """Blocks of a half-precision scale and 32 signed bytes, taken apart without ggml."""
    path = write(tmp_path / "x.bin", ftype=7)
    with GgmlTensors(path) as tensors:
        place, found = tensors.places[MATRIX], tensors[MATRIX]
    blocks = np.frombuffer(path.read_bytes(), "u1", place.size, place.offset).reshape(-1, 34)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    np.testing.assert_array_equal(found, (scales * blocks[:, 2:].view("i1")).reshape(64, 256))


def test_one_tensor_at_a_time_is_in_memory(tiny_en: Path) -> None:
    with GgmlTensors(tiny_en) as tensors:
        largest = max(4 * array.size for name, array in tensors.items() if name.startswith("encoder."))
        tracemalloc.start()
        for name in tensors:
            if name.startswith("encoder."):
                tensors[name]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert largest <= peak < 3 * largest  # what is stored, what is read, and the one before it


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    with pytest.raises(ModelNotFoundError, match="no such model file"):
        GgmlTensors(path)
    path.write_bytes(b"GGUF and so on")
    with pytest.raises(ModelError, match="GGUF"):
        GgmlTensors(path)


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.bin")
    with GgmlTensors(path) as tensors:
        with path.open("r+b") as file:
            file.truncate(tensors.places[MATRIX].offset + 8)
        with pytest.raises(ModelError, match=f"ends inside tensor {MATRIX}"):
            tensors[MATRIX]


def test_the_header_is_the_file_s(exact: Path) -> None:
    with GgmlTensors(exact) as tensors:
        assert tensors.header == replace(HEADER, ftype=0)
