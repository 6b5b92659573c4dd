"""Stereo recordings: who speaks is the louder channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import numpy as np
import pytest

from pywhispercpp import AudioError, Model, Segment
from pywhispercpp.diarize import speaker

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def test_the_louder_channel_speaks() -> None:
    channels = np.zeros((48000, 2), np.float32)
    channels[:16000, 0] = 0.5
    channels[16000:32000, 1] = 0.5
    assert [speaker(Segment(t, t + 100, ""), channels) for t in (0, 100, 200)] == ["0", "1", "?"]
    assert speaker(Segment(10**6, 10**6 + 1, ""), channels) == "?"


def test_segments_know_their_speaker(
    own_model: Model, speech: NDArray[np.float32], wav: Callable[..., Path]
) -> None:
    silence = np.zeros_like(speech)
    left, right = np.concatenate([speech, silence]), np.concatenate([silence, speech])
    path = wav(np.stack([left, right], axis=1))
    seen: list[str] = []
    segments = own_model.transcribe(
        path, diarize=True, new_segment_callback=lambda segment: seen.append(segment.speaker)
    )
    assert {segment.speaker for segment in segments if segment.t1 <= 1080} == {"0"}
    assert {segment.speaker for segment in segments if segment.t0 >= 1120} == {"1"}
    assert seen == [segment.speaker for segment in segments]
    assert own_model.transcribe(speech[:32000])[0].speaker == ""


def test_mono_has_no_speakers(model: Model, jfk: Path, speech: NDArray[np.float32]) -> None:
    with pytest.raises(AudioError, match=r"2|two|stereo"):
        model.transcribe(jfk, diarize=True)
    with pytest.raises(AudioError, match="channels"):
        model.transcribe(speech, diarize=True)
