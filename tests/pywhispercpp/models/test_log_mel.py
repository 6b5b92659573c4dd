"""The spectrogram of this package against whisper.cpp's own, through the encoder that both feed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pywhispercpp
from pywhispercpp import audio
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.log_mel import log_mel
from tests.reference_encoder import encode, relative_error

CONTEXT = 500  # steps of 20 ms: 10 s


def test_the_encoder_gives_the_same_for_it(model: pywhispercpp.Model, tiny_en: Path, jfk: Path) -> None:
    samples = audio.load(jfk)[: 16000 * 10]
    found = model.encode(samples, audio_ctx=CONTEXT)
    with GgmlTensors(tiny_en) as tensors:
        mel = log_mel(samples, tensors.mel_filters())
        expected = encode(tensors.header, dict(tensors), mel, CONTEXT)
    assert relative_error(found, expected) < 0.02  # flash attention's f16


@pytest.mark.parametrize(("count", "frames"), [(201, 1), (320, 2), (399, 2), (480, 3), (16000, 100)])
def test_a_frame_is_ten_milliseconds(count: int, frames: int, tiny_en: Path) -> None:
    with GgmlTensors(tiny_en) as tensors:
        assert log_mel(np.zeros(count, np.float32), tensors.mel_filters()).shape == (80, frames)


@pytest.mark.parametrize("shape", [(200,), (2, 4000)])
def test_what_is_no_sound_is_refused(shape: tuple[int, ...], tiny_en: Path) -> None:
    with GgmlTensors(tiny_en) as tensors, pytest.raises(ValueError, match=r"one row of at least 201"):
        log_mel(np.zeros(shape, np.float32), tensors.mel_filters())
