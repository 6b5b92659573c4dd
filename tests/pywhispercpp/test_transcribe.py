"""Real speech through real weights: text, times, probabilities, and odd but legal audio."""

from __future__ import annotations

import gc
import logging
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pywhispercpp
from pywhispercpp import Model, ModelError, ModelNotFoundError, Segment, TranscriptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASK = "ask not what your country can do for you"


def _text(segments: list[Segment]) -> str:
    return re.sub(r"[^a-z ]", "", " ".join(segment.text for segment in segments).lower())


def test_jfk(model: Model, jfk: Path) -> None:
    segments = model.transcribe(str(jfk), extract_probability=True)
    assert ASK in _text(segments)
    assert "ask what you can do for your country" in _text(segments)
    assert segments[0].t0 == 0
    assert segments[-1].t1 in range(1000, 1101)
    assert all(s.t0 <= s.t1 and 0 < s.probability <= 1 for s in segments)


@pytest.mark.parametrize("optimize", ["all", "none"])
def test_without_timestamps_a_segment_begins_where_the_audio_does(
    tiny_en: Path, speech: NDArray[np.float32], optimize: str
) -> None:
    """Patch 0027: it began 1007 s before."""
    model = Model(tiny_en, n_threads=2, optimize=optimize)
    segments = model.transcribe(speech, no_timestamps=True, temperature_inc=0.0)
    assert segments[0].t0 == 0
    assert segments[0].t1 > 0


def test_a_segment_says_how_sure_it_is(own_model: Model, speech: NDArray[np.float32]) -> None:
    """Patch 0005: whisper.cpp forgot the temperature, and the no_speech_prob of what max_len splits off."""
    segments = own_model.transcribe(speech, token_timestamps=True, max_len=20)
    assert len(segments) > 3
    assert {segment.temperature for segment in segments} == {0.0}
    assert all(0 < s.no_speech_prob < 0.5 and -2 < s.avg_logprob < 0 for s in segments)
    assert segments.language == "en"
    assert segments.duration == pytest.approx(11, abs=0.01)
    hot = own_model.transcribe(speech[:48000], temperature=0.4, max_len=0)
    assert [segment.temperature for segment in hot] == pytest.approx([0.4] * len(hot))


def test_a_fallback_is_told(own_model: Model, speech: NDArray[np.float32]) -> None:
    segments = own_model.transcribe(speech[:48000], logprob_thold=-0.01, temperature_inc=0.5)
    assert segments[0].temperature == pytest.approx(1.0)


def test_probability_is_nan_unless_asked_for(model: Model, speech: NDArray[np.float32]) -> None:
    assert all(np.isnan(s.probability) for s in model.transcribe(speech[:32000]))


@pytest.mark.parametrize("samples", [1, 100, 200, 201, 1599, 1600])
def test_very_short_audio_is_nothing(model: Model, samples: int) -> None:
    assert model.transcribe(np.zeros(samples, np.float32)) == []


def test_offset_and_duration_stay_inside_the_audio(own_model: Model, speech: NDArray[np.float32]) -> None:
    most = 2**31 - 1
    assert own_model.transcribe(speech, offset_ms=most, duration_ms=most) == []
    late = own_model.transcribe(speech, offset_ms=8000, duration_ms=most)
    assert "country" in _text(late)
    assert late[0].t0 >= 800
    assert late[-1].t1 <= 1100


def test_processors_share_the_audio(model: Model, speech: NDArray[np.float32]) -> None:
    seen: list[Segment] = []
    twice = np.concatenate([speech, speech])
    segments = model.transcribe(twice, n_processors=2, new_segment_callback=seen.append)
    assert _text(segments).count("country") >= 3
    assert segments[-1].t1 in range(2000, 2301)
    assert [s.text for s in seen] == [s.text for s in segments]
    assert all(a.t1 <= b.t0 for a, b in zip(segments, segments[1:]))


def test_suppress_regex(own_model: Model, speech: NDArray[np.float32]) -> None:
    assert "country" not in _text(own_model.transcribe(speech, suppress_regex=" ?[Cc]ountry"))


def test_tokens_that_leave_nothing_to_say(own_model: Model, speech: NDArray[np.float32]) -> None:
    segments = own_model.transcribe(speech[:16000], suppress_regex=".*", single_segment=True)
    assert isinstance(segments, list)


def test_a_prompt_of_any_length(own_model: Model, speech: NDArray[np.float32]) -> None:
    segments = own_model.transcribe(speech[:32000], initial_prompt="x" * 1_000_000, carry_initial_prompt=True)
    assert isinstance(segments, list)


def test_beam_search(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    beam = Model(tiny_en, params_sampling_strategy=1, n_threads=1, temperature_inc=0.0)
    assert beam.get_params()["beam_search"]["beam_size"] == 5
    assert ASK in _text(beam.transcribe(speech, beam_search={"beam_size": 2}))


def test_the_smallest_audio_ctx(own_model: Model, speech: NDArray[np.float32]) -> None:
    assert isinstance(own_model.transcribe(speech[:32000], audio_ctx=1), list)


def test_detection_needs_a_multilingual_model(model: Model, speech: NDArray[np.float32]) -> None:
    with pytest.raises(ModelError, match="English only"):
        model.auto_detect_language(speech)


def test_languages() -> None:
    languages = Model.available_languages()
    assert languages[:2] == ["en", "zh"]
    assert len(languages) == Model.lang_max_id() + 1 == 100


def test_two_threads_on_one_model(model: Model, speech: NDArray[np.float32]) -> None:
    results: list[list[Segment]] = []
    threads = [
        threading.Thread(target=lambda: results.append(model.transcribe(speech[:80000]))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [_text(r) for r in results] == [_text(results[0])] * 2
    assert "fellow american" in _text(results[0])


def test_python_goes_on_while_whisper_works(model: Model, speech: NDArray[np.float32]) -> None:
    longest, last, stop = 0.0, time.monotonic(), threading.Event()

    def count() -> None:
        nonlocal longest, last
        while not stop.wait(0.005):
            now = time.monotonic()
            longest, last = max(longest, now - last), now

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    model.transcribe(speech)
    took = time.monotonic() - start
    stop.set()
    thread.join()
    assert longest < took / 2, f"the counter stood still for {longest:.2f} of {took:.2f} s"


def test_closing(own_model: Model, speech: NDArray[np.float32]) -> None:
    own_model.close()
    with pytest.raises(ModelError, match="closed"):
        own_model.transcribe(speech)
    with pytest.raises(ModelError, match="closed"):
        own_model.print_timings()


def test_closing_waits_for_the_other_thread(own_model: Model, speech: NDArray[np.float32]) -> None:
    started = threading.Event()
    result: list[list[Segment]] = []

    def work() -> None:
        result.append(own_model.transcribe(speech[:48000], progress_callback=lambda _: started.set()))

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(60)
    own_model.close()
    thread.join()
    assert isinstance(result[0], list)


def test_a_model_is_freed_with_its_object(tiny_en: Path) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    Model(tiny_en)
    gc.collect()
    before = resident()
    for _ in range(4):
        Model(tiny_en)
    gc.collect()
    assert resident() - before < 150e6  # one of them takes about 200 MB


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/model.bin"])
def test_a_missing_model(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        Model(name, models_dir=tmp_path)


@pytest.mark.parametrize("size", [0, 4, 47, 1000, 1_000_000])
def test_a_cut_model(tiny_en: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.bin"
    with tiny_en.open("rb") as file:
        cut.write_bytes(file.read(size))
    with pytest.raises(ModelError, match=re.escape(str(cut))):
        Model(cut)


def test_a_directory_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        Model(tmp_path)


def test_messages_go_to_logging(tiny_en: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "pywhispercpp"):
        Model(tiny_en)
    assert any("loading model from" in record.getMessage() for record in caplog.records)


def test_quiet_by_default(
    tiny_en: Path, speech: NDArray[np.float32], capfd: pytest.CaptureFixture[str]
) -> None:
    Model(tiny_en).transcribe(speech[:32000])
    assert capfd.readouterr() == ("", "")


def test_messages_can_be_copied_to_a_file(tiny_en: Path, tmp_path: Path) -> None:
    target = tmp_path / "whisper.log"
    Model(tiny_en, redirect_whispercpp_logs_to=str(target))
    assert "loading model from" in target.read_text(encoding="utf-8")


def test_timings_are_printed(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    model.print_timings()
    assert "encode time" in capsys.readouterr().err


def test_system_info_names_llamafile() -> None:
    assert "LLAMAFILE = 1" in pywhispercpp.system_info() == Model.system_info()


def test_a_callback_cannot_use_its_own_model(model: Model, speech: NDArray[np.float32]) -> None:
    with pytest.raises(TranscriptionError, match="callback"):
        model.transcribe(speech, new_segment_callback=lambda _: model.transcribe(speech))
