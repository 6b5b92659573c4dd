"""What audio_ctx="auto" comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pywhispercpp import Model, audio
from pywhispercpp.audio_context import LEAST, MARGIN, STEP, heard, needed

SECOND = 16000
WHOLE = (1, 1500)


@pytest.mark.parametrize("seconds", [0.1, 2, 5, 8, 11, 15, 20, 25])
def test_the_audio_and_the_margin_fit_in(seconds: float) -> None:
    context = needed(int(seconds * SECOND), WHOLE)
    assert seconds * 50 + MARGIN <= context < max(LEAST + 1, seconds * 50 + MARGIN + STEP)
    assert context % STEP == 0 and context >= LEAST


@pytest.mark.parametrize("seconds", [29, 30, 31, 3600])
def test_long_audio_takes_the_whole(seconds: int) -> None:
    assert needed(seconds * SECOND, WHOLE) == 1500


def test_an_encoder_for_less_serves_what_it_can() -> None:
    static = (600, 600)
    assert needed(1 * SECOND, static) == 600
    assert needed(11 * SECOND, static) == 600  # the margin does not fit in, the audio does
    assert needed(13 * SECOND, static) == 650  # more than it can: an error
    assert needed(40 * SECOND, static) == 1500


def test_only_what_is_heard_counts() -> None:
    assert heard(10 * SECOND, 0, 0, 1) == 10 * SECOND
    assert heard(10 * SECOND, 4000, 0, 1) == 6 * SECOND
    assert heard(10 * SECOND, 4000, 2000, 1) == 2 * SECOND
    assert heard(10 * SECOND, 4000, 9000, 1) == 6 * SECOND
    assert heard(10 * SECOND, 12000, 0, 1) == 0
    assert heard(10 * SECOND + 1, 0, 0, 3) == 10 * SECOND + 1 - 2 * (10 * SECOND // 3)


def test_the_encoder_computes_so_much_and_no_more(model: Model, jfk: Path) -> None:
    assert model.encode(jfk, audio_ctx="auto").shape == (needed(11 * SECOND, WHOLE), 384)
    assert model.encode(jfk).shape == (1500, 384)


def test_the_last_window_is_heard_with_what_it_needs(tiny_en: Path, jfk: Path) -> None:
    """Patch 0024: its tokens are, digit for digit, those of the window alone with that audio context."""
    samples = np.concatenate([audio.load(jfk)] * 3)[: 32 * SECOND]
    model = Model(tiny_en, n_threads=1, backend="ggml", n_max_text_ctx=0, temperature_inc=0.0)

    def last(**options: Any) -> list[tuple[int, float]]:  # noqa: ANN401
        segments = model.session().transcribe(samples, no_timestamps=True, **options)
        return [(token.id, token.plog) for token in segments[-1].tokens]

    left = last(audio_ctx="auto")
    assert left == last(offset_ms=30_000, audio_ctx=LEAST)
    assert left != last(audio_ctx=0)
