"""The parts of the live engine: what is kept of a stream, where it is cut, what is heard twice."""

from __future__ import annotations

import io
import logging
import queue
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import AudioError, Model, Segment, Token, Transcript, audio
from pywhispercpp.errors import OptionError
from pywhispercpp.live.engine import LiveEngine
from pywhispercpp.live.microphone import Microphone
from pywhispercpp.live.options import checked
from pywhispercpp.live.segment import LiveSegment, shifted
from pywhispercpp.live.source import file_chunks, raw_chunks
from pywhispercpp.live.text import agreed, plain, without_twice
from pywhispercpp.live.vad import FRAME, EnergyVad, SpeechGate
from pywhispercpp.live.window import AudioWindow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SECOND = 16000


def segment(text: str, start: int = 0) -> Segment:
    """A segment whose words are tokens of half a second each."""
    words = [f" {word}" for word in text.split()]
    tokens = tuple(
        Token(number, word.encode(), 0.9, -0.1, start + 50 * number, start + 50 * number + 40)
        for number, word in enumerate(words)
    )
    return Segment(start, start + 50 * len(words), text, tokens=tokens, raw="".join(words).encode())


@pytest.mark.parametrize(
    ("before", "text", "kept"),
    [
        ("the world's fresh", "fresh ornament, and", "ornament, and"),
        ("the World's fresh", "world's, fresh ornament", "ornament"),
        ("the world", "fresh ornament", "fresh ornament"),
        ("all of it is mine", "is mine", ""),
        ("", "is mine", "is mine"),
    ],
)
def test_words_that_come_twice_are_dropped(before: str, text: str, kept: str) -> None:
    found = without_twice([segment(text, 300)], plain([segment(before)]))
    assert [one.text for one in found] == ([kept] if kept else [])
    assert [word.text for one in found for word in one.words] == kept.split()
    if found and kept != text:
        assert found[0].start == found[0].words[0].start > 3


def test_agreement_is_counted_from_the_start() -> None:
    assert agreed(["a", "b", "c"], ["a", "b", "d", "e"]) == 2
    assert agreed([], ["a"]) == 0


def test_times_are_moved_and_stay_inside() -> None:
    (one,) = shifted([segment("one two", 100)], 7.5, 9.0)
    assert (one.t0, one.t1) == (850, 900)
    assert [(word.start, word.end) for word in one.words] == [(8.5, 8.9), (9.0, 9.0)]


def test_a_window_keeps_positions_and_little_memory() -> None:
    window = AudioWindow()
    tracemalloc.start()
    try:
        for number in range(600):
            window.append(np.full(SECOND, number, dtype=np.float32))
            window.drop_before((number - 2) * SECOND)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (window.begin, window.end) == (597 * SECOND, 600 * SECOND)
    assert window.cutting(598 * SECOND - 1, 598 * SECOND + 1).tolist() == [597, 598]
    assert window.cutting(0, 10**9).size == 3 * SECOND
    assert peak < 2e6


def test_the_quietest_place_comes_first() -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 10 * SECOND).astype(np.float32)
    noise[6 * SECOND : 6 * SECOND + 4000] = 0
    noise[8 * SECOND : 8 * SECOND + 4000] *= 0.1
    window = AudioWindow()
    window.append(noise)
    first, second, third = window.quiet_places(5 * SECOND, 9 * SECOND + 8000, 3)
    assert 6 * SECOND < first < 6 * SECOND + 4000
    assert 8 * SECOND < second < 8 * SECOND + 4000
    assert min(abs(third - first), abs(third - second)) >= 4800


def test_the_gate_bridges_short_pauses_and_counts_speech() -> None:
    gate = SpeechGate(checked({}, {"min_silence_duration_ms": 320}))
    frames = [0.1] * 3 + [0.9] * 5 + [0.1] * 5 + [0.9] * 2 + [0.4] * 2 + [0.1] * 12
    ended = [number for number, p in enumerate(frames) if gate.push(p, number * FRAME)]
    assert (gate.start, gate.end, gate.spoken) == (3 * FRAME, 17 * FRAME, 7 * FRAME)
    assert ended == [26]


def test_energy_tells_speech_from_a_steady_hum(speech: Samples) -> None:
    frames = 6 * SECOND // FRAME
    hum = 0.05 * np.sin(2 * np.pi * 50 * np.arange(frames * FRAME) / SECOND).astype(np.float32)
    hiss = np.random.default_rng(3).normal(0, 0.003, hum.size).astype(np.float32)
    stream = hum + hiss
    assert EnergyVad().probabilities(stream).max() < 0.5
    stream[3 * SECOND : 5 * SECOND] += speech[: 2 * SECOND]
    loud = EnergyVad().probabilities(stream) > 0.5
    second = SECOND / FRAME
    assert not loud[: int(3 * second)].any()
    assert loud[int(3.3 * second) : int(5 * second)].mean() > 0.7
    assert not loud[int(5 * second) + 1 :].any()


class Talker:
    """Hears a word a second: what the engine does with it is what counts here."""

    def __init__(self, unsure: bool = False) -> None:
        self.heard: list[tuple[float, float]] = []
        self._unsure = unsure

    def session(self) -> Talker:
        """Return itself: it keeps no options."""
        return self

    def transcribe(self, samples: Samples, **params: float) -> Transcript:
        seconds = samples.size / SECOND
        self.heard.append((seconds, params.get("temperature_inc", 0.2)))
        words = [f"w{len(self.heard)}" if self._unsure else "same"] * max(1, round(seconds))
        return Transcript([segment(" ".join(words))])


def engine(talker: Talker, **options: int) -> LiveEngine:
    return LiveEngine(talker, vad=False, **options)  # type: ignore[arg-type]


def noise(seconds: float) -> Samples:
    return np.random.default_rng(7).normal(0, 0.1, int(seconds * SECOND)).astype(np.float32)


def test_who_is_behind_makes_no_unfinished_text_and_does_not_check_cuts() -> None:
    talker = Talker()
    live = engine(talker, length_ms=4000)
    found = [one for _ in range(8) for one in live.push(noise(1), behind=5.0)]
    assert all(one.is_final for one in found)
    assert {inc for _, inc in talker.heard} == {0.0}
    assert len(talker.heard) == len(found) <= 4
    assert not [one for one in engine(Talker()).push(noise(3), behind=0.1) if not one.is_final]
    assert [one for one in engine(Talker()).push(noise(3)) if not one.is_final]


def test_where_no_cut_holds_the_piece_grows_and_then_overlaps() -> None:
    talker = Talker(unsure=True)
    live = engine(talker, length_ms=4000, keep_ms=300, step_ms=0)
    first = next(one for _ in range(90) for one in live.push(noise(0.1)))
    seconds = [length for length, _ in talker.heard]
    cut = seconds[12]  # how much the first piece became
    assert [round(max(seconds[i : i + 4])) for i in (0, 4, 8)] == [4, 6, 8], "it grew to twice the length"
    assert first.number == 0
    (last,) = live.finish()
    assert last.number == 1
    assert talker.heard[-1][0] == pytest.approx(live.position - cut + 0.3, abs=0.05), (
        "300 ms were heard again"
    )


def test_a_gap_of_hours_takes_no_time() -> None:
    """A source faster than any clock, marked as real time, once made its listener hear silence for ever."""
    talker = Talker()
    live = engine(talker)
    assert [one.is_final for one in live.push(noise(2))] == [False]
    (last,) = live.skip(1000 * 3600 * SECOND + 7)
    assert last.is_final
    assert last.end <= 2.5
    assert live.position == 2 + 1000 * 3600 + 7 / SECOND
    (late,) = live.push(noise(2))
    assert late.start >= 2 + 1000 * 3600 - 0.5  # what is kept before speech begins


def test_raw_samples_come_as_they_are(tmp_path: Path) -> None:
    data = (np.arange(-4000, 4000) * 8).astype("<i2")
    got = np.concatenate(list(raw_chunks(io.BytesIO(data.tobytes()), "s16le", chunk_ms=7)))
    assert np.array_equal(got, data.astype(np.float32) / 32768)
    with pytest.raises(OptionError, match="no raw format"):
        next(raw_chunks(io.BytesIO(), "s24le"))
    with pytest.raises(AudioError, match="3 bytes are left"):
        list(raw_chunks(io.BytesIO(bytes(7)), "f32le"))


def test_a_file_in_chunks_is_the_file(jfk: Path) -> None:
    chunks = list(file_chunks(jfk, chunk_ms=50))
    assert max(chunk.size for chunk in chunks) <= 800
    assert np.array_equal(np.concatenate(chunks), audio.load(jfk))
    with pytest.raises(AudioError, match="no such audio file"):
        next(file_chunks("none.wav"))


def test_a_microphone_that_runs_over_warns(caplog: pytest.LogCaptureFixture) -> None:
    microphone = object.__new__(Microphone)  # opening one needs a device
    microphone._chunks = queue.SimpleQueue()
    microphone.overruns = 0
    with caplog.at_level(logging.WARNING, "pywhispercpp"):
        microphone._heard(np.ones((4, 1), np.float32), 4, None, SimpleNamespace(input_overflow=False))
        assert not caplog.records
        microphone._heard(np.ones((4, 1), np.float32), 4, None, SimpleNamespace(input_overflow=True))
    assert "1 times" in caplog.text
    assert microphone.overruns == 1
    assert microphone._chunks.get().tolist() == [1, 1, 1, 1]  # type: ignore[union-attr]


def test_a_real_model_serves_two_streams_in_turn(model: Model, speech: Samples) -> None:
    streams = [LiveEngine(model, vad=False, step_ms=0) for _ in range(2)]
    found: list[list[LiveSegment]] = [[], []]
    for first in range(0, 3 * SECOND, 1600):
        for stream, heard in zip(streams, found):
            heard += stream.push(speech[first : first + 1600])
    for stream, heard in zip(streams, found):
        heard += stream.finish()
    texts = [" ".join(one.text for one in heard) for heard in found]
    assert texts[0] == texts[1]
    assert "fellow american" in texts[0].lower()
