"""Each faster way of computing gives the same tokens, over all recordings of the evaluation set.

Sums in another order are other sums in the last digits. Where two tokens are as likely as each other, that
decides between them: Whisper's network in plain numpy then says that they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import Model, Transcript, audio
from pywhispercpp.evaluate import dataset
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.optimize import NAMES
from tests.reference_decoder import decode
from tests.reference_encoder import encode
from tests.reference_mel import log_mel

Clips = dict[str, NDArray[np.float32]]
# What whisper.cpp reads out of them is the same to the last bit, or decides in the same way.
EXACT = ("prompt", "sampling", "logits", "cross")
TIED = 0.1  # of logits: one is 1.1 times as likely as the other
SOT, PREV, NO_TIMES = 50257, 50360, 50362  # tiny.en's
BEFORE = list(range(1000, 1040))  # a prompt; which words it is does not matter
MODES: dict[str, dict[str, Any]] = {
    "times": {},
    "text": {"no_timestamps": True},
    "prompt": {"prompt_tokens": BEFORE},
}


@pytest.fixture(scope="module")
def clips() -> Clips:
    return {one.name: audio.load(one.audio) for one in dataset.read().recordings}


@pytest.fixture(scope="module")
def plain(tiny_en: Path, clips: Clips) -> dict[str, dict[str, list[int]]]:
    """The tokens of each clip, by mode, of all ways."""
    model = loaded(tiny_en, "all")
    return {mode: {name: ids(heard(model, clip, mode)) for name, clip in clips.items()} for mode in MODES}


def loaded(path: Path, optimize: str) -> Model:
    return Model(path, n_threads=1, backend="ggml", optimize=optimize)


def heard(model: Model, samples: NDArray[np.float32], mode: str, **options: object) -> Transcript:
    greedy: dict[str, Any] = {
        "strategy": "greedy",
        "temperature_inc": 0.0,
        "audio_ctx": "auto",
        **MODES[mode],
        **options,
    }
    return model.session().transcribe(samples, **greedy)


def ids(transcript: Transcript) -> list[int]:
    return [token.id for segment in transcript for token in segment.tokens]


def gap(path: Path, samples: NDArray[np.float32], mode: str, one: list[int], other: list[int]) -> float:
    """How much less likely, in logits, the second is than the first where they part, by the reference."""
    at = next(i for i, pair in enumerate(zip(one, other)) if pair[0] != pair[1])
    prompt = [PREV, *BEFORE, SOT] if mode == "prompt" else [SOT, NO_TIMES] if mode == "text" else [SOT]
    with GgmlTensors(path) as tensors:
        n_ctx = Model(path).encode(samples, audio_ctx="auto").shape[0]
        mel = log_mel(samples, tensors.mel_filters())[:, : 2 * n_ctx]
        features = encode(tensors.header, tensors, mel, n_ctx)
        last = decode(tensors.header, tensors, features, prompt + one[:at])[-1]
    return float(last[one[at]] - last[other[at]])


def parted(
    path: Path, clips: Clips, mode: str, optimize: str, all_ways: dict[str, list[int]]
) -> dict[str, float]:
    """The clips whose tokens are others without something, each with the reference's gap."""
    model = loaded(path, optimize)
    found = {name: ids(heard(model, clip, mode)) for name, clip in clips.items()}
    return {
        name: gap(path, clips[name], mode, all_ways[name], tokens)
        for name, tokens in found.items()
        if tokens != all_ways[name]
    }


@pytest.mark.parametrize("mode", MODES)
def test_all_ways_give_the_tokens_of_none(
    tiny_en: Path, clips: Clips, plain: dict[str, dict[str, list[int]]], mode: str
) -> None:
    assert len(clips) == 13
    assert min(len(tokens) for tokens in plain[mode].values()) > 8
    apart = parted(tiny_en, clips, mode, "none", plain[mode])
    assert {name: by for name, by in apart.items() if by < -TIED or by > TIED} == {}
    assert len(apart) < 3


@pytest.mark.parametrize("name", NAMES)
def test_the_tokens_are_those_without_it(
    tiny_en: Path, clips: Clips, plain: dict[str, dict[str, list[int]]], name: str
) -> None:
    apart = parted(tiny_en, clips, "prompt", f"all,-{name}", plain["prompt"])
    assert {clip: by for clip, by in apart.items() if name in EXACT or abs(by) > TIED} == {}


@pytest.mark.parametrize(
    "options", [{"temperature": 0.6}, {"strategy": "beam_search"}, {"suppress_nst": True}]
)
def test_the_same_is_drawn_by_each_way_of_sampling(
    tiny_en: Path, clips: Clips, options: dict[str, Any]
) -> None:
    """Patch 0016: whisper.cpp draws with a seed of its own, for beams too."""
    models = [loaded(tiny_en, how) for how in ("all", "all,-sampling")]
    for name in ("captain.opus", "invoice.opus", "jfk.opus", "river.opus"):
        one, other = (ids(heard(model, clips[name], "times", **options)) for model in models)
        assert one == other, name
