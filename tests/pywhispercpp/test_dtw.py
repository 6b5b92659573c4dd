"""DTW timestamps: the right heads, times where the words are, and audio of any length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import Model, OptionError, Word, dtw
from pywhispercpp.models import ggml_file
from pywhispercpp.models.ggml_layout import GgmlHeader

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def aligned(tiny_en: Path) -> Model:
    """A model that was loaded with the heads that fit it."""
    return Model(tiny_en, dtw=True, n_threads=1, temperature_inc=0.0)


@pytest.fixture(scope="module")
def header(tiny_en: Path) -> GgmlHeader:
    """What tiny.en says of itself."""
    return ggml_file.check(tiny_en)


def _words(segments: list[object]) -> list[Word]:
    return [word for segment in segments for word in segment.words]  # type: ignore[attr-defined]


def test_words_lie_where_they_are_said(aligned: Model, speech: NDArray[np.float32]) -> None:
    """The pauses of jfk.wav: 2.2 to 3.2 s, 4.3 to 5.3, 7.9 to 8.1, seen in its loudness."""
    words = {word.text: word for word in _words(list(aligned.transcribe(speech)))}
    assert words["fellow"].start >= 1.2
    assert words["Americans"].end <= 2.6
    assert 2.9 <= words["ask"].end <= 9 and words["not"].end <= 4.8
    assert words["country"].end >= 5.2 or words["country."].end >= 10


@pytest.mark.parametrize("samples", [1700, 2500, 3200, 4000, 16000, 33000])
def test_a_short_tail_does_not_end_the_process(aligned: Model, samples: int) -> None:
    """Patch 0007: whisper.cpp asserted on windows of 140 ms and less."""
    noise = np.random.default_rng(0).standard_normal(samples).astype(np.float32) / 10
    assert isinstance(aligned.transcribe(noise), list)


def test_a_small_audio_context_does_not_end_the_process(aligned: Model, speech: NDArray[np.float32]) -> None:
    assert isinstance(aligned.transcribe(speech[:48000], audio_ctx=100), list)
    aligned.transcribe(speech[:1600], audio_ctx=0)


def test_every_window_is_told_of(aligned: Model, speech: NDArray[np.float32]) -> None:
    """Patch 0007: from the second window on, new_segment_callback was not called."""
    seen: list[object] = []
    segments = aligned.transcribe(np.tile(speech, 4), new_segment_callback=seen.append)
    assert segments[-1].t0 > 3000
    assert [str(s) for s in seen] == [str(s) for s in segments]
    assert all(token.t_dtw >= 0 for s in segments for token in s.tokens if not token.is_special)


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({}, "m.bin", "tiny.en"),
        ({"n_vocab": 51865}, "m.bin", "tiny"),
        ({"n_text_layer": 6, "n_audio_layer": 6}, "m.bin", "base.en"),
        ({"n_text_layer": 12, "n_audio_layer": 12, "n_vocab": 51865}, "m.bin", "small"),
        ({"n_text_layer": 24, "n_audio_layer": 24}, "m.bin", "medium.en"),
        ({"n_text_layer": 32, "n_audio_layer": 32, "n_vocab": 51865}, "ggml-large-v1.bin", "large.v1"),
        ({"n_text_layer": 32, "n_audio_layer": 32, "n_vocab": 51865}, "ggml-large-v2.bin", "large.v2"),
        ({"n_text_layer": 32, "n_audio_layer": 32, "n_vocab": 51866}, "m.bin", "large.v3"),
        ({"n_text_layer": 4, "n_audio_layer": 32, "n_vocab": 51866}, "m.bin", "large.v3.turbo"),
        ({"n_text_layer": 2, "n_audio_layer": 12, "n_vocab": 51865}, "ggml-distil-small.bin", "top"),
        ({"n_text_layer": 2, "n_audio_layer": 32, "n_vocab": 51866}, "ggml-distil-large-v3.bin", "top"),
    ],
)
def test_the_heads_follow_from_the_model(
    header: GgmlHeader, changes: dict[str, int], name: str, expected: str
) -> None:
    heads = {4: 6, 6: 8, 12: 12, 24: 16, 32: 20}[changes.get("n_audio_layer", 4)]
    assert dtw.preset(True, replace(header, n_text_head=heads, **changes), Path(name)) == expected


def test_a_preset_by_the_name_of_its_model(header: GgmlHeader) -> None:
    turbo = replace(header, n_audio_layer=32, n_text_head=20)
    assert dtw.preset("large-v3-turbo", turbo, Path("m.bin")) == "large.v3.turbo"
    strange = replace(header, n_text_head=5)
    assert dtw.preset(True, strange, Path("m.bin")) == "top"
    assert dtw.preset(False, header, Path("m.bin")) is None


def test_an_unmeasured_model_uses_its_upper_layers(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    words = _words(list(Model(tiny_en, dtw="top", n_threads=1).transcribe(speech[:48000])))
    assert words[0].text == "And"
    assert all(word.end > 0 for word in words)


def test_the_way_of_1_5(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    model = Model(tiny_en, context_params={"dtw_token_timestamps": True, "dtw_aheads_preset": 3}, n_threads=1)
    assert _words(list(model.transcribe(speech[:32000])))


def test_heads_that_the_model_does_not_have(tiny_en: Path) -> None:
    with pytest.raises(OptionError, match=r"other alignment heads"):
        Model(tiny_en, dtw="large-v2")
    with pytest.raises(OptionError, match=r"dtw='huge'"):
        Model(tiny_en, dtw="huge")
