"""What audio_ctx="auto" comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp import Model
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
