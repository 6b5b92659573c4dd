"""The VAD: where speech is, and transcriptions of it alone with the times of the audio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import Model
from pywhispercpp.vad import WINDOW, Timeline, Vad, cut_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16000


@pytest.fixture(scope="module")
def spaced(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    """Speech from 10 to 21 and from 41 to 52 s."""
    return np.concatenate([np.zeros(10 * RATE, np.float32), speech, np.zeros(20 * RATE, np.float32), speech])


@pytest.fixture
def vad(silero: Path) -> Vad:
    """A VAD of the test's own."""
    return Vad(silero)


@pytest.fixture
def listener(tiny_en: Path, silero: Path) -> Model:
    """A model that hears speech only."""
    return Model(tiny_en, n_threads=1, temperature_inc=0.0, vad=True, vad_model_path=silero)


def test_speech_is_found(vad: Vad, spaced: NDArray[np.float32]) -> None:
    spans = vad.speech(spaced)
    assert spans[0][0] / RATE == pytest.approx(10.3, abs=0.3)
    assert all(10 <= a / RATE < b / RATE <= 21.1 or 41 <= a / RATE < b / RATE <= 52.1 for a, b in spans)


def test_pieces_give_what_the_whole_gives(vad: Vad, speech: NDArray[np.float32]) -> None:
    whole = vad.probabilities(speech)
    assert whole.dtype == np.float32
    assert whole.size == -(-speech.size // WINDOW)
    vad.reset()
    pieces = [vad.probabilities(speech[at : at + 7 * WINDOW]) for at in range(0, speech.size, 7 * WINDOW)]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_parameters_matter(vad: Vad, speech: NDArray[np.float32]) -> None:
    assert len(vad.speech(speech, min_silence_duration_ms=2000)) < len(vad.speech(speech))
    assert vad.speech(speech, threshold=1.0) == []


def test_looking_up_can_end_it(vad: Vad, spaced: NDArray[np.float32]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vad.speech(spaced, stop)


def test_times_are_those_of_the_audio(listener: Model, spaced: NDArray[np.float32]) -> None:
    seen: list[str] = []
    segments = listener.transcribe(
        spaced, token_timestamps=True, new_segment_callback=lambda segment: seen.append(str(segment))
    )
    assert seen == [str(segment) for segment in segments]
    assert segments.duration == 52
    for segment in segments:
        assert 1000 <= segment.t0 < segment.t1 <= 2110 or 4100 <= segment.t0 < segment.t1 <= 5210
        assert all(segment.start - 0.1 <= w.start <= w.end <= segment.end + 0.1 for w in segment.words)
    assert segments[-1].t1 > 5100


def test_an_offset_is_one_into_the_audio(listener: Model, spaced: NDArray[np.float32]) -> None:
    segments = listener.transcribe(spaced, offset_ms=30_000, duration_ms=15_000)
    assert segments[0].t0 >= 4100
    assert segments[-1].t1 <= 4510
    assert "country" not in segments.text.split("ask")[0]


def test_processors_share_the_speech(listener: Model, spaced: NDArray[np.float32]) -> None:
    segments = listener.transcribe(spaced, n_processors=2)
    assert segments.text.count("country") >= 3
    assert segments[-1].t1 > 5000


def test_silence_is_nothing(listener: Model) -> None:
    assert listener.transcribe(np.zeros(60 * RATE, np.float32)) == []


def test_it_can_be_stopped(listener: Model, spaced: NDArray[np.float32]) -> None:
    stopped = listener.transcribe(np.tile(spaced, 10), abort_callback=lambda: True)
    assert (stopped, stopped.aborted) == ([], True)


def test_a_timeline_knows_starts_from_ends() -> None:
    timeline = Timeline(((0, 100), (120, 200)), (1000, 5000))
    assert [timeline.start(t) for t in (0, 50, 100, 110, 120, 130, 999)] == [
        1000,
        1050,
        5000,
        5000,
        5000,
        5010,
        5080,
    ]
    assert [timeline.end(t) for t in (0, 50, 100, 110, 120, 130, 999)] == [
        1000,
        1050,
        1100,
        1100,
        1100,
        5010,
        5080,
    ]
    assert Timeline().start(7) == Timeline().end(7) == 7
    assert timeline.start(-1) == timeline.end(-1) == -1


def test_what_is_cut_out_is_the_speech() -> None:
    samples = np.arange(10 * RATE, dtype=np.float32)
    speech = cut_out(samples, [(RATE, 2 * RATE), (5 * RATE, 6 * RATE)], samples_overlap=0.1, first=RATE)
    assert speech.timeline == Timeline(((0, 100), (120, 220)), (200, 600))
    assert speech.samples.size == 2 * RATE + 3200
    assert np.array_equal(speech.samples[-RATE:], samples[5 * RATE : 6 * RATE])
    assert not speech.samples[RATE + 1600 : RATE + 3200].any()
    assert cut_out(samples, [], 0.1).samples.size == 0
