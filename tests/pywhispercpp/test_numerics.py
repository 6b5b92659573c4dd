"""How far each encoder is from plain numpy, at the whole audio context, a reduced one and an odd one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import _core, backend_info, openvino_runtime
from pywhispercpp.models.export import export_openvino
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests.reference_encoder import encode, relative_error
from tests.small_model import write

Array = NDArray[np.float32]
CONTEXTS = (1500, 512, 333)


@pytest.fixture(scope="module")
def mel() -> Array:
    """A spectrogram like a real one in its values: smooth, between -1 and 1.5, with silence after 11 s."""
    rng = np.random.default_rng(7)
    rough = rng.normal(size=(80, 1100 + 40))
    smooth = np.stack([np.convolve(row, np.ones(41) / 6, "valid") for row in rough])
    found = np.full((80, 3000), -0.7, np.float32)
    found[:, :1100] = np.clip(smooth, -0.7, 1.5)
    return found


@pytest.fixture(scope="module")
def references(tiny_en: Path, mel: Array) -> dict[int, Array]:
    with GgmlTensors(tiny_en) as tensors:
        return {n: encode(tensors.header, tensors, mel, n) for n in CONTEXTS}


def ggml(model: Path, flash_attn: bool) -> _core.Context:
    backend_info()  # loads the CPU code
    params = _core.ContextParams()
    params.flash_attn = flash_attn
    return _core.Context(os.fsencode(model), params)


@pytest.mark.parametrize("flash_attn", [True, False])
@pytest.mark.parametrize("n_ctx", CONTEXTS)
def test_ggml_is_near_the_reference(
    tiny_en: Path, mel: Array, references: dict[int, Array], n_ctx: int, flash_attn: bool
) -> None:
    found = _core.encode(ggml(tiny_en, flash_attn), mel, n_ctx, 2)
    assert relative_error(found, references[n_ctx]) < 0.004  # f16 in the products and GELU by a table of f16


@pytest.mark.parametrize("flash_attn", [True, False])
def test_an_f32_model_is_computed(tmp_path: Path, mel: Array, flash_attn: bool) -> None:
    """Its convolutions too are in f32, which ended the process before patch 0013."""
    model = write(tmp_path / "ggml-f32.bin", ftype=0)
    with GgmlTensors(model) as tensors:
        expected = encode(tensors.header, tensors, mel, 64)
    assert relative_error(_core.encode(ggml(model, flash_attn), mel, 64, 2), expected) < 0.002


@pytest.mark.parametrize("n_ctx", CONTEXTS)
@pytest.mark.parametrize(("precision", "bound"), [("f32", 1e-5), ("bf16", 0.02)])
def test_openvino_is_near_the_reference(
    tiny_en: Path,
    tmp_path_factory: pytest.TempPathFactory,
    mel: Array,
    references: dict[int, Array],
    n_ctx: int,
    precision: str,
    bound: float,
) -> None:
    ir = tmp_path_factory.getbasetemp() / "numerics.xml"
    if not ir.exists():
        export_openvino(tiny_en, output=ir)
    context = ggml(tiny_en, True)
    openvino_runtime.load()
    _core.use_openvino(context, os.fsencode(ir), "CPU", precision, b"", 2)
    if _core.encoder_property(context, "INFERENCE_PRECISION_HINT") != precision:
        pytest.skip(f"this CPU has no {precision}")
    assert relative_error(_core.encode(context, mel, n_ctx, 2), references[n_ctx]) < bound


def test_what_was_encoded_before_changes_nothing(tiny_en: Path, mel: Array) -> None:
    context = ggml(tiny_en, True)
    fresh = _core.encode(context, mel, 333, 2)
    _core.encode(context, mel, 1500, 2)
    np.testing.assert_array_equal(_core.encode(context, mel, 333, 2), fresh)
