"""Callbacks: what they are given, what they raise, and how soon they and Ctrl-C end the work."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import numpy as np
import pytest

from pywhispercpp import Model, OptionError, Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OddError(Exception):
    """An error of the program's own."""


def _raise(*_: object) -> bool:
    raise OddError("from the callback")


@pytest.fixture(scope="module")
def minute(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    """66 s of speech: three windows, so that there is something left to stop."""
    return np.tile(speech, 6)


def test_segments_come_one_by_one_and_are_those_returned(model: Model, speech: NDArray[np.float32]) -> None:
    seen: list[Segment] = []
    segments = model.transcribe(speech, new_segment_callback=seen.append)
    assert [str(s) for s in seen] == [str(s) for s in segments]
    assert len(seen) >= 1


def test_progress_goes_from_0_to_100(model: Model, speech: NDArray[np.float32]) -> None:
    percents: list[int] = []
    model.transcribe(speech, progress_callback=percents.append)
    assert percents[0] == 0
    assert percents[-1] == 100


@pytest.mark.parametrize(
    "name",
    [
        "new_segment_callback",
        "abort_callback",
        "progress_callback",
        "encoder_begin_callback",
        "logits_filter_callback",
    ],
)
def test_an_exception_stops_the_work_and_is_raised(
    model: Model, minute: NDArray[np.float32], name: str
) -> None:
    with pytest.raises(OddError, match="from the callback"):
        model.transcribe(minute, **{name: _raise})  # type: ignore[arg-type]
    assert model.transcribe(minute[:32000]) != []  # and the model still works


def test_an_exception_stops_all_processors(model: Model, minute: NDArray[np.float32]) -> None:
    with pytest.raises(OddError):
        model.transcribe(minute, n_processors=2, abort_callback=_raise)


def test_abort_returns_what_there_is(model: Model, minute: NDArray[np.float32]) -> None:
    seen: list[Segment] = []
    segments = model.transcribe(minute, new_segment_callback=seen.append, abort_callback=lambda: bool(seen))
    assert segments
    assert segments[-1].t1 <= 3100


def test_abort_is_quick(model: Model, minute: NDArray[np.float32]) -> None:
    asked: list[float] = []

    def abort() -> bool:
        asked.append(time.monotonic())
        return True

    assert model.transcribe(minute, abort_callback=abort) == []
    assert len(asked) == 1
    assert time.monotonic() - asked[0] < 3


def test_the_encoder_stops_too(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    """Patch 0010: whisper.cpp asked only after a whole run of the encoder."""
    model = Model(tiny_en, n_threads=1, temperature_inc=0.0)
    model.reset_timings()
    model.encode(speech)
    whole = model.timings()["encode_ms"]
    began: list[float] = []

    def begin() -> bool:
        began.append(time.thread_time())
        return True

    assert model.transcribe(speech, encoder_begin_callback=begin, abort_callback=lambda: bool(began)) == []
    took = 1000 * (time.thread_time() - began[0])  # CPU time of this thread: others do not count
    assert took < max(0.5 * whole, 150)


def test_encoder_begin_is_asked_before_each_window(model: Model, minute: NDArray[np.float32]) -> None:
    asked: list[int] = []

    def begin() -> bool:
        asked.append(1)
        return len(asked) < 2

    segments = model.transcribe(minute, encoder_begin_callback=begin)
    assert len(asked) == 2
    assert segments.aborted
    assert 0 < segments[-1].t1 <= 3100


def test_a_logits_filter_chooses(model: Model, speech: NDArray[np.float32]) -> None:
    """The filter sees the tokens so far, and what it forbids is not said."""
    plain = model.transcribe(speech)
    country = next(token.id for s in plain for token in s.tokens if token.text == " country")
    lengths: list[int] = []

    def forbid(logits: NDArray[np.float32], tokens: list[int]) -> None:
        assert (logits.dtype, logits.shape) == (np.dtype(np.float32), (51864,))
        lengths.append(len(tokens))
        logits[country] = -np.inf

    heard = model.transcribe(speech, logits_filter_callback=forbid)
    assert country not in [token.id for s in heard for token in s.tokens]
    assert "fellow Americans" in heard.text
    assert lengths[:3] == [0, 1, 2]


def test_a_logits_filter_may_return_another_array(own_model: Model, speech: NDArray[np.float32]) -> None:
    plain = own_model.transcribe(speech[:48000]).text
    assert (
        own_model.transcribe(speech[:48000], logits_filter_callback=lambda logits, _: logits + 1.0).text
        == plain
    )
    beams = own_model.transcribe(
        speech[:48000], strategy="beam_search", n_threads=2, logits_filter_callback=lambda logits, _: None
    )
    assert "fellow Americans" in beams.text


@pytest.mark.parametrize(
    "filter_",
    [
        lambda logits, _: np.full_like(logits, np.nan),
        lambda logits, _: np.full_like(logits, np.inf),
        lambda logits, _: logits[:5],
        lambda logits, _: "no",
    ],
)
def test_a_logits_filter_that_gives_nonsense(
    own_model: Model, speech: NDArray[np.float32], filter_: Callable[..., object]
) -> None:
    with pytest.raises(OptionError, match="logits_filter_callback"):
        own_model.transcribe(speech[:48000], logits_filter_callback=filter_)
    assert own_model.transcribe(speech[:32000]) != []


# A process started in the background of a shell without job control ignores SIGINT, and its children with it.
INTERRUPT = """
import signal, sys, threading, time, os, numpy as np
from pywhispercpp import Model
signal.signal(signal.SIGINT, signal.default_int_handler)
model = Model(sys.argv[1], n_threads=2)
timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
timer.start()
try:
    model.transcribe(np.random.default_rng(0).standard_normal(16000 * 600).astype(np.float32) / 10)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_ends_a_transcription(tiny_en: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPT, str(tiny_en)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "interrupted\n", done.stderr


DAEMON = """
import sys, threading, time, numpy as np
from pywhispercpp import Model
model = Model(sys.argv[1], n_threads=2)
noise = np.random.default_rng(0).standard_normal(16000 * 600).astype(np.float32) / 10
threading.Thread(target=model.transcribe, args=(noise,), daemon=True).start()
time.sleep(1)
"""


def test_a_process_may_end_while_a_daemon_thread_works(tiny_en: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DAEMON, str(tiny_en)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_signals_are_for_the_main_thread(model: Model, speech: NDArray[np.float32]) -> None:
    hits: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: hits.append(threading.get_ident()))
    try:
        timer = threading.Timer(0.2, signal.raise_signal, (signal.SIGUSR1,))
        timer.start()
        model.transcribe(speech)
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert hits == [threading.get_ident()]
