"""The live engine: what it hears in chunks of any size is what the whole recording says."""

from __future__ import annotations

import itertools
import logging
import re
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np
import pytest

from pywhispercpp import AudioError, Model, OptionError, Transcript, audio
from pywhispercpp.live import LiveSegment, listen
from pywhispercpp.live.engine import LiveEngine
from pywhispercpp.live.source import Paced, file_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SECOND = 16000


class Remembering:
    """A real model that hears each cutting once: many ways of feeding give the same cuttings."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: dict[tuple[bytes, str], Transcript] = {}
        self.calls: list[dict[str, Any]] = []

    def session(self) -> Remembering:
        """Return itself: it keeps no options."""
        return self

    def transcribe(self, samples: Samples, **params: Any) -> Transcript:  # noqa: ANN401
        """Return what the model says."""
        self.calls.append({"seconds": samples.size / SECOND, **params})
        key = samples.tobytes(), repr(sorted(params.items()))
        if key not in self._known:
            self._known[key] = self._model.transcribe(samples, **params)
        return self._known[key]


@pytest.fixture(scope="module")
def vads(silero: Path) -> dict[str, Any]:
    """Arguments for each way to tell speech."""
    return {
        "silero": {"vad": True, "vad_model_path": silero},
        "energy": {"vad": "energy"},
        "none": {"vad": False},
    }


@pytest.fixture(scope="module")
def hearer(tiny_en: Path) -> Any:  # noqa: ANN401 (it stands for a Model)
    """A model for the streams of this file; one thread, as everywhere on a busy machine."""
    return Remembering(Model(tiny_en, n_threads=1, audio_ctx="auto", temperature_inc=0.0))


def cut(samples: Samples, size: int | None) -> Iterator[Samples]:
    """Chunks of `size` samples, or one chunk."""
    for first in range(0, samples.size, size or samples.size):
        yield samples[first : first + (size or samples.size)]


def plain(text: str) -> str:
    return re.sub(r"[^\w\s]", "", text.lower())


def text_of(segments: Iterable[LiveSegment]) -> str:
    return plain(" ".join(one.text for one in segments if one.is_final))


@pytest.mark.parametrize("vad", ["silero", "energy", "none"])
@pytest.mark.parametrize("size", [160, 480, 777, 16000, None])
def test_chunks_of_any_size_give_the_words_of_the_whole(
    hearer: Any,  # noqa: ANN401
    speech: Samples,
    size: int | None,
    vad: str,
    vads: dict[str, Any],
) -> None:
    heard = list(listen(hearer, cut(speech, size), step_ms=0, **vads[vad]))
    whole = hearer.transcribe(speech, token_timestamps=True)
    wrong = jiwer.wer(plain(whole.text), text_of(heard))
    assert wrong <= (0.15 if vad == "energy" else 0), text_of(heard)
    assert all(one.is_final and one.lag == 0 for one in heard)
    assert [one.number for one in heard] == list(range(len(heard)))
    assert len(heard) >= 2, "eleven seconds are more than one piece of ten"
    assert all(one.end <= other.start for one, other in zip(heard, heard[1:]))


def test_times_of_words_are_those_of_the_whole(
    hearer: Any,  # noqa: ANN401
    speech: Samples,
    vads: dict[str, Any],
) -> None:
    begin = 7 * SECOND  # silence before it: times count from the start of the stream
    stream = np.concatenate((np.zeros(begin, dtype=np.float32), speech))
    heard = [w for one in listen(hearer, cut(stream, 1600), step_ms=0, **vads["silero"]) for w in one.words]
    whole = [w for one in hearer.transcribe(speech, token_timestamps=True) for w in one.words]
    assert [plain(w.text) for w in heard] == [plain(w.text) for w in whole]
    apart = [abs(one.start - 7 - other.start) for one, other in zip(heard, whole)]
    assert np.median(apart) < 0.4
    assert max(apart) < 1.0, apart
    assert all(one.start <= one.end <= 18 for one in heard)
    assert all(one.start <= other.start for one, other in zip(heard, heard[1:]))


def test_unfinished_text_comes_while_someone_speaks(hearer: Any, speech: Samples) -> None:  # noqa: ANN401
    engine = LiveEngine(hearer, vad=False, step_ms=2000)
    came: list[tuple[float, LiveSegment]] = []
    for chunk in cut(speech[: 7 * SECOND], 480):
        came += [(engine.position, one) for one in engine.push(chunk)]
    came += [(engine.position, one) for one in engine.finish()]
    unfinished = [(when, one) for when, one in came if not one.is_final]
    assert [round(when) for when, _ in unfinished] == [2, 4, 6]
    assert all(one.number == 0 and one.end <= when for when, one in unfinished)
    assert unfinished[-1][1].confirmed >= 3, "two hearings agree on how it begins"
    assert unfinished[0][1].confirmed == 0
    assert [one.is_final for _, one in came].index(True) == len(came) - 1
    assert plain(came[-1][1].text).startswith("and so my fellow americans ask not what")


def test_longer_speech_with_pauses(hearer: Any, sonnet: Path, vads: dict[str, Any]) -> None:  # noqa: ANN401
    verse = audio.load(sonnet)[: 15 * SECOND]
    stream = np.concatenate((verse, np.zeros(3 * SECOND, dtype=np.float32), verse[: 6 * SECOND]))
    heard = list(listen(hearer, cut(stream, 3200), step_ms=0, **vads["silero"]))
    whole = hearer.transcribe(stream, token_timestamps=True)
    assert jiwer.wer(plain(whole.text), text_of(heard)) <= 0.15
    assert all(one.end - one.start < 21 for one in heard)
    again = [one for one in heard if one.start > 17.5]
    assert all(one.end < 15.5 for one in heard if one not in again)
    assert "fairest creatures" in text_of(again)


@pytest.mark.parametrize("vad", ["silero", "energy", "none"])
def test_ten_minutes_of_silence_give_nothing_and_need_little(
    hearer: Any,  # noqa: ANN401
    vad: str,
    vads: dict[str, Any],
) -> None:
    chunk = np.zeros(SECOND, dtype=np.float32)
    before = len(hearer.calls)
    tracemalloc.start()
    try:
        assert list(listen(hearer, (chunk for _ in range(600)), **vads[vad])) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(hearer.calls) == before
    assert peak < 2e6  # 38 MB of samples went through


def test_memory_is_bounded_in_speech_without_end(speech: Samples) -> None:
    class Deaf:
        """Hears nothing: only what the engine itself keeps counts here."""

        def session(self) -> Deaf:
            return self

        def transcribe(self, samples: Samples, **params: object) -> Transcript:
            assert samples.size <= 28 * SECOND
            return Transcript()

    engine = LiveEngine(Deaf(), vad=False)  # type: ignore[arg-type]
    loud = np.clip(speech[: 10 * SECOND] + 0.01, -1, 1)
    tracemalloc.start()
    try:
        for _ in range(60):
            assert engine.push(loud) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], "without any audio"),
        ([np.zeros(0, dtype=np.float32)], "without any audio"),
        ([np.full(160, np.nan, dtype=np.float32)], r"chunk at 0\.000 s .*sample 0"),
        (
            [np.zeros(160, dtype=np.float32), np.zeros(160, dtype=np.int16)],
            r"chunk at 0\.010 s .*int16.*astype",
        ),
        ([np.zeros((160, 2), dtype=np.float32)], r"shape \(160, 2\)"),
        ([b"abcd"], "must be an array of float32, not bytes"),
        ([[0.0, 0.1]], "must be an array of float32, not list"),
    ],
)
@pytest.mark.parametrize("realtime", [False, True])
def test_a_wrong_source_is_refused(hearer: Any, source: Any, message: str, realtime: bool) -> None:  # noqa: ANN401
    with pytest.raises(AudioError, match=message):
        list(listen(hearer, source, vad=False, realtime=realtime))


@pytest.mark.parametrize("source", [b"RIFF", 7, np.zeros(16000, dtype=np.float32)])
def test_what_is_no_stream_is_refused_at_once(hearer: Any, source: Any) -> None:  # noqa: ANN401
    with pytest.raises(AudioError, match="a stream cannot come from"):
        listen(hearer, source, vad=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_ms": 50}, "step_ms=50"),
        ({"step_ms": 1.5}, "whole number"),
        ({"length_ms": 31_000}, "length_ms"),
        ({"keep_ms": -1}, "keep_ms"),
        ({"max_lag_s": 0}, "max_lag_s"),
        ({"vad": "loud"}, "vad='loud'"),
        ({"vad_params": {"samples_overlap": 1}}, "give keep_ms"),
        ({"vad_params": {"volume": 1}}, "'volume' is unknown"),
        ({"offset_ms": 10}, "skip chunks"),
    ],
)
def test_a_wrong_option_is_refused_at_once(hearer: Any, options: dict[str, Any], message: str) -> None:  # noqa: ANN401
    with pytest.raises(OptionError, match=message):
        listen(hearer, [], **{"vad": False, **options})


def test_an_option_of_the_model_is_checked(model: Model, speech: Samples) -> None:
    with pytest.raises(OptionError, match="n_threads"):
        list(listen(model, [speech], vad=False, n_threads=0))


@pytest.mark.parametrize("realtime", [False, True])
def test_a_source_that_breaks_loses_nothing_before_it(
    hearer: Any,  # noqa: ANN401
    speech: Samples,
    realtime: bool,
) -> None:
    def broken() -> Iterator[Samples]:
        yield from cut(speech[: 3 * SECOND], 1600)
        raise ConnectionError("the line is cut")

    heard: list[LiveSegment] = []
    with pytest.raises(ConnectionError, match="the line is cut"):
        heard.extend(listen(hearer, broken(), vad="energy", step_ms=0, realtime=realtime))
    caught = []
    stream = listen(hearer, broken(), vad="energy", step_ms=0, realtime=realtime)
    with pytest.raises(ConnectionError):
        while True:
            caught.append(next(stream))
    assert "fellow americans" in text_of(caught)


@pytest.mark.parametrize("realtime", [False, True])
def test_closing_closes_the_source(hearer: Any, speech: Samples, realtime: bool) -> None:  # noqa: ANN401
    class Source:
        closed = False

        def __iter__(self) -> Iterator[Samples]:
            for chunk in itertools.cycle(cut(speech, 1600)):
                time.sleep(0.02)  # five times as fast as a clock
                yield chunk

        def close(self) -> None:
            self.closed = True

    source = Source()
    stream = listen(hearer, source, vad="energy", step_ms=1000, realtime=realtime)
    assert next(stream).number == 0
    stream.close()  # type: ignore[attr-defined]
    assert source.closed
    assert list(stream) == []


def test_ctrl_c_in_the_source_ends_it_at_once(hearer: Any, speech: Samples) -> None:  # noqa: ANN401
    def interrupted() -> Iterator[Samples]:
        yield speech[: 3 * SECOND]
        raise KeyboardInterrupt

    calls = len(hearer.calls)
    with pytest.raises(KeyboardInterrupt):
        list(listen(hearer, interrupted(), vad=False, step_ms=0))
    assert len(hearer.calls) == calls, "nothing more is heard"


def test_a_source_in_real_time_is_heard_whole_and_tells_the_lag(hearer: Any, jfk: Path) -> None:  # noqa: ANN401
    heard = list(listen(hearer, Paced(file_chunks(jfk), speed=8), vad="energy", step_ms=2000))
    whole = hearer.transcribe(audio.load(jfk), token_timestamps=True)
    assert jiwer.wer(plain(whole.text), text_of(heard)) <= 0.1
    assert all(0 < one.lag < 120 for one in heard)


def test_a_slow_computer_drops_audio_with_a_warning_and_keeps_the_times(
    hearer: Any,  # noqa: ANN401
    speech: Samples,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream = np.concatenate((np.zeros(80 * SECOND, dtype=np.float32), speech[: 3 * SECOND]))

    class Slow:
        """Takes the whole stream before the second frame is heard."""

        def __init__(self) -> None:
            self.gone = False

        def probabilities(self, samples: Samples) -> NDArray[np.float32]:
            while not self.gone:
                pass
            loud: NDArray[np.bool_] = np.abs(samples.reshape(-1, 512)).max(axis=1) > 0.02
            return loud.astype(np.float32)

    voice = Slow()

    def rush() -> Iterator[Samples]:
        yield from cut(stream, 1600)
        voice.gone = True

    with caplog.at_level(logging.WARNING, "pywhispercpp"):
        heard = list(listen(hearer, rush(), vad=voice, step_ms=0, max_lag_s=10, realtime=True))
    assert any("audio were dropped" in record.getMessage() for record in caplog.records)
    assert "fellow americans" in text_of(heard)
    assert heard[0].start == pytest.approx(80.3, abs=0.5)


def test_text_before_is_the_prompt_where_that_is_asked_for(hearer: Any, speech: Samples) -> None:  # noqa: ANN401
    pause = np.zeros(SECOND, dtype=np.float32)
    stream = np.concatenate((speech[: int(2.6 * SECOND)], pause, speech[: int(2.6 * SECOND)], pause))
    before = len(hearer.calls)
    first, second = listen(hearer, [stream], vad="energy", step_ms=0, no_context=False)
    one, two = hearer.calls[before:]
    assert "prompt_tokens" not in one
    spoken = [token.id for part in first.segments for token in part.tokens if not token.is_special]
    assert two["prompt_tokens"] == spoken
    assert one["no_context"] is two["no_context"] is True
    assert second.start > first.end


def test_nothing_comes_after_the_end(hearer: Any, speech: Samples) -> None:  # noqa: ANN401
    engine = LiveEngine(hearer, vad="energy", step_ms=0)
    assert engine.push(speech[: 2 * SECOND]) == []
    assert len(engine.finish()) == 1
    assert engine.finish() == []
    with pytest.raises(AudioError, match="has ended"):
        engine.push(speech)


def test_the_options_of_a_stream_are_its_own(model: Model, speech: Samples) -> None:
    before = model.get_params()
    options: dict[str, Any] = {"temperature_inc": 0.0, "audio_ctx": 512, "max_tokens": 3}
    assert list(listen(model, [speech[: 2 * SECOND]], vad=False, step_ms=0, **options))
    assert model.get_params() == before
