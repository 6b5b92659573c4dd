"""no_speech_prob is what the model says at <|startoftranscript|>, whatever the prompt is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import Model
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests.reference_decoder import decode

NO_SPEECH, SOT, PREV = 50362, 50258, 50361  # those of the multilingual models
WORDS = list(range(1000, 1012))


@pytest.fixture(scope="module")
def multilingual(base: Path) -> Model:
    return Model(base, n_threads=1, backend="ggml", language="en", temperature_inc=0.0, no_speech_thold=1.0)


def expected(model: Model, samples: NDArray[np.float32], before: list[int]) -> float:
    features = model.encode(samples, audio_ctx="auto")
    with GgmlTensors(Path(model.model_path)) as tensors:
        logits = decode(tensors.header, tensors, features, [*before, SOT])[-1].astype(float)
    return float(np.exp(logits[NO_SPEECH] - np.logaddexp.reduce(logits)))


@pytest.mark.parametrize("prompt", [[], WORDS], ids=["no prompt", "a prompt"])
@pytest.mark.parametrize("what", ["speech", "noise", "silence"])
def test_it_is_that_of_the_start(
    multilingual: Model, speech: NDArray[np.float32], what: str, prompt: list[int]
) -> None:
    """Patch 0025: with more than one token it was read from a row that this prompt had not written."""
    noise = (np.random.default_rng(0).standard_normal(48000) / 1000).astype(np.float32)
    sounds: dict[str, NDArray[np.float32]] = {
        "speech": speech,
        "noise": noise,
        "silence": np.zeros(48000, np.float32),
    }
    samples = sounds[what]
    before = [PREV, *prompt] if prompt else []
    segments = multilingual.transcribe(
        samples, audio_ctx="auto", prompt_tokens=prompt or None, max_tokens=8, single_segment=True
    )
    assert segments
    assert segments[0].no_speech_prob == pytest.approx(expected(multilingual, samples, before), rel=0.1)
