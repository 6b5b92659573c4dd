"""Many threads at once: the same answers, no lost message, no crash; with the GIL and without it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import Model, PywhispercppError, _core, logs, system_info

if TYPE_CHECKING:
    from numpy.typing import NDArray

THREADS = 8
MUTE = np.zeros(32000, dtype=np.float32)


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs on threads that start at the same moment; return what they gave or raise."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def sink() -> Iterator[None]:
    """Give the log its own sink back after a test."""
    yield None
    logs.install()


def test_the_package_leaves_the_gil_off() -> None:
    enabled = getattr(sys, "_is_gil_enabled", None)
    if enabled is None or "t" not in sys.abiflags:
        pytest.skip("this Python has a GIL")
    assert not enabled()


def test_threads_with_models_of_their_own_hear_the_same(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    def hear() -> str:
        with Model(tiny_en, n_threads=1, temperature_inc=0.0) as own:
            return " ".join(segment.text for segment in own.transcribe(speech[:48000], audio_ctx=256))

    texts = together(*[hear] * 3)
    assert len(set(texts)) == 1
    assert "fellow american" in str(texts[0]).lower()


def test_threads_on_one_model_with_callbacks_options_and_looks(own_model: Model) -> None:
    heard: list[object] = []

    def transcribe() -> None:
        for temperature in (0.0, 0.4):
            own_model.transcribe(
                MUTE,
                audio_ctx=128,
                temperature=temperature,
                new_segment_callback=heard.append,
                progress_callback=lambda percent: heard.append(percent),
            )

    def look() -> None:
        for _ in range(300):
            assert own_model.get_params()["temperature"] in (0.0, np.float32(0.4))
            own_model.timings()

    together(transcribe, transcribe, transcribe, look, look)
    assert heard.count(100) == 6


def test_a_model_closed_under_others_ends_them_with_an_error(own_model: Model) -> None:
    """Each call is either whole or refused; nothing touches freed memory."""
    outcomes: list[str] = []

    def transcribe() -> None:
        try:
            for _ in range(20):
                own_model.transcribe(MUTE, audio_ctx=64)
        except PywhispercppError as error:
            outcomes.append(str(error))

    def close() -> None:
        own_model.transcribe(MUTE, audio_ctx=64)
        own_model.close()

    together(transcribe, transcribe, transcribe, close)
    assert len(outcomes) == 3
    assert all("has been closed" in outcome for outcome in outcomes)


def test_the_sink_may_be_changed_while_others_log(sink: None) -> None:
    """A sink that is replaced while another thread calls it is freed there; without a lock this crashed."""

    def change() -> None:
        for _ in range(2000):
            _core.set_log_sink(lambda level, text: None)

    def log() -> None:
        for _ in range(2000):
            _core.lang_id("no such language")  # whisper.cpp logs an error
            _core.drain_log()

    together(change, change, log, log, log)


def test_no_message_is_lost_or_doubled(caplog: pytest.LogCaptureFixture) -> None:
    def log(name: str) -> None:
        for number in range(100):
            _core.lang_id(f"{name}-{number}-")
            _core.drain_log()

    names = [f"thread{number}" for number in range(THREADS)]
    with caplog.at_level(logging.DEBUG, logger="pywhispercpp"):
        together(*[lambda name=name: log(name) for name in names])
        _core.drain_log()
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert all(text.count(f"{name}-{number}-") == 1 for name in names for number in range(100))


def test_a_file_of_messages_is_not_written_to_after_it_is_closed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A log target that raises is reported as an unraisable error, and pytest turns that into a failure."""

    def copy(name: str) -> None:
        for number in range(100):
            with logs.copied_to(tmp_path / name):
                _core.lang_id(f"{name}-{number}-")

    names = [f"file{number}" for number in range(4)]
    together(*[lambda name=name: copy(name) for name in names])
    assert "closed file" not in capfd.readouterr().err


def test_system_info_is_whole_for_everyone() -> None:
    texts = together(*[lambda: {system_info() for _ in range(500)}] * THREADS)
    assert texts == [{system_info()}] * THREADS
