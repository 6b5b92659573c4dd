"""Several threads with one model at once: same words, one copy of the weights, and a limit."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import numpy as np
import pytest

from pywhispercpp import Model, ModelError, OptionError, TranscriptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

THREADS = 8


def _together(work: Callable[[int], object]) -> list[object]:
    results: list[object] = [None] * THREADS

    def run(number: int) -> None:
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_eight_threads_work_at_once_and_hear_the_same(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    shared = Model(tiny_en, n_threads=1, n_sessions=THREADS, temperature_inc=0.0)
    alone = shared.transcribe(speech[:64000]).text
    meeting = threading.Barrier(THREADS, timeout=120)

    def work(number: int) -> str:
        met = False

        def begin() -> bool:  # everybody has to be inside before anybody goes on
            nonlocal met
            if not met:
                meeting.wait()
                met = True
            return True

        return shared.transcribe(speech[:64000], encoder_begin_callback=begin).text

    assert _together(work) == [alone] * THREADS


def test_more_threads_than_sessions_wait(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    shared = Model(tiny_en, n_threads=1, n_sessions=2, temperature_inc=0.0)
    done = _together(lambda number: isinstance(shared.transcribe(speech[:16000], audio_ctx=64), list))
    assert done == [True] * THREADS
    assert shared._ctx.n_sessions <= 2


MEMORY = """
import sys, threading, numpy as np
from pathlib import Path
from pywhispercpp import Model
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
model = Model(sys.argv[1], n_threads=1, n_sessions=8)
mute = np.zeros(16000, np.float32)
model.transcribe(mute)
one = resident()
meeting = threading.Barrier(4, timeout=120)
def work():
    met = []
    model.transcribe(mute, encoder_begin_callback=lambda: bool(met or met.append(meeting.wait()) is None))
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print((resident() - one) / 3)
"""


def test_the_weights_are_there_once(tiny_en: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", MEMORY, str(tiny_en)], check=True, text=True, capture_output=True
    )
    assert float(done.stdout) < 0.9 * tiny_en.stat().st_size


def test_text_context_stays_with_a_thread_that_is_alone(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    one = Model(tiny_en, n_threads=1, no_context=False, temperature_inc=0.0)
    one.transcribe(speech)
    assert one._ctx.n_sessions == 1


def test_a_session_has_options_of_its_own(own_model: Model, speech: NDArray[np.float32]) -> None:
    other = own_model.session()
    other.transcribe(speech[:1600], temperature=0.4)
    own_model.transcribe(speech[:1600], offset_ms=10)
    assert (own_model.get_params()["temperature"], other.get_params()["offset_ms"]) == (0.0, 0)
    assert other.get_params()["temperature"] == pytest.approx(0.4)
    assert other.model_path == own_model.model_path
    other.close()
    with pytest.raises(ModelError, match="closed"):
        own_model.transcribe(speech[:16000])


def test_a_logits_filter_cannot_use_its_model(tiny_en: Path, speech: NDArray[np.float32]) -> None:
    one = Model(tiny_en, n_threads=2, n_sessions=1)
    with pytest.raises(TranscriptionError, match="callback"):
        one.transcribe(
            speech[:32000],
            strategy="beam_search",
            logits_filter_callback=lambda logits, tokens: one.transcribe(speech[:32000]),
        )


def test_a_callback_cannot_close_its_model(own_model: Model, speech: NDArray[np.float32]) -> None:
    with pytest.raises(TranscriptionError, match="close"):
        own_model.transcribe(speech[:32000], new_segment_callback=lambda _: own_model.close())
    own_model.close()
    own_model.close()  # a second time does nothing


@pytest.mark.parametrize("sessions", [0, -1, 1.5, "2", True])
def test_bad_n_sessions(tiny_en: Path, sessions: object) -> None:
    with pytest.raises(OptionError, match="n_sessions"):
        Model(tiny_en, n_sessions=sessions)  # type: ignore[arg-type]


SPOILT = """
import resource, sys, numpy as np
from pathlib import Path
from pywhispercpp import Model, PywhispercppError
# optimize: otherwise what was reserved before is room enough
model = Model(sys.argv[1], n_threads=1, n_sessions=1, temperature_inc=0.0, optimize="none")
mute = np.random.default_rng(0).standard_normal(32000).astype(np.float32) / 50
model.transcribe(mute, strategy="beam_search", beam_search={"beam_size": 1}, greedy={"best_of": 1})
vm = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
failed = []
for room in range(0, 40, 8):
    resource.setrlimit(resource.RLIMIT_AS, (vm + room * 2**20, resource.RLIM_INFINITY))
    try:
        model.transcribe(mute, strategy="beam_search", beam_search={"beam_size": 8})
    except (PywhispercppError, MemoryError) as error:
        failed.append(str(error))
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert any("memory" in text for text in failed), failed
print(len(model.transcribe(mute, strategy="greedy")) >= 0)
"""


def test_a_session_that_ran_out_of_memory_is_replaced(tiny_en: Path) -> None:
    """Patch 0008: whisper.cpp freed the state, and its owner freed it again."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", SPOILT, str(tiny_en)], text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr[-2000:]
