"""ggml's encoder in bf16: where it can, as near as OpenVINO's, and refused in plain words elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import BackendError, Model, _core, backend_info
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests.reference_encoder import encode, relative_error
from tests.reference_mel import log_mel
from tests.small_model import write

ASK = "ask not what your country can do for you"


def has_bf16() -> bool:
    backend_info()  # loads the CPU code
    return "AVX512_BF16 = 1" in _core.system_info()


@pytest.fixture
def bf16(tiny_en: Path) -> Model:
    if not has_bf16():
        pytest.skip("this CPU, or the code for it, has no AVX512_BF16")
    return Model(tiny_en, n_threads=1, backend="ggml", precision="bf16", temperature_inc=0.0)


def test_it_says_so_and_hears_the_same(bf16: Model, tiny_en: Path, speech: NDArray[np.float32]) -> None:
    """Patch 0023."""
    assert bf16.backend_info().precision == "bf16"
    assert ASK in bf16.transcribe(speech).text
    assert Model(tiny_en, backend="ggml").backend_info().precision == ""


def test_it_is_as_near_as_openvino_is(bf16: Model, tiny_en: Path, speech: NDArray[np.float32]) -> None:
    with GgmlTensors(tiny_en) as tensors:
        mel = np.ascontiguousarray(log_mel(speech, tensors.mel_filters())[:, :1536])
        expected = encode(tensors.header, tensors, mel, 768)
    error = relative_error(_core.encode(bf16._ctx, mel, 768, 1), expected)
    assert 0.004 < error < 0.02  # f16 errs by 0.002; what test_numerics asks of OpenVINO's bf16


def test_all_its_matrices_are_rewritten_once(tiny_en: Path) -> None:
    backend_info()
    context = _core.Context(os.fsencode(tiny_en), _core.ContextParams())
    assert _core.use_bf16(context) == 4 * 6 + 4 * 2
    assert _core.use_bf16(context) == 0


def test_a_quantized_model_has_none_to_rewrite(tmp_path: Path) -> None:
    model = write(tmp_path / "ggml-q8_0.bin", ftype=7)
    reason = "the model's matrices are not f16" if has_bf16() else "has no AVX512_BF16"
    with pytest.raises(BackendError, match=f"precision='bf16': .*{reason}; leave precision out"):
        Model(model, backend="ggml", precision="bf16")


def test_ggml_has_no_other(tiny_en: Path) -> None:
    with pytest.raises(BackendError, match="computes in f16 or bf16"):
        Model(tiny_en, backend="ggml", precision="f32")
    assert Model(tiny_en, backend="ggml", precision="f16").backend_info().precision == ""
