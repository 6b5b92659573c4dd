"""Each patch to whisper.cpp keeps its promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_CPU_SECONDS = """
import sys, time, pywhispercpp
model = pywhispercpp.Model(sys.argv[1], n_threads=int(sys.argv[3]), print_progress=False)
start = time.process_time()
model.transcribe(sys.argv[2], max_tokens=8, single_segment=True, temperature_inc=0.0)
print(time.process_time() - start)
"""


def _cpu_seconds_on_one_core(model: Path, audio: Path, n_threads: int) -> float:
    """CPU seconds (not wall seconds: other work on the machine does not count) of one transcription."""
    core = str(min(os.sched_getaffinity(0)))
    script = [sys.executable, "-I", "-c", _CPU_SECONDS, str(model), str(audio), str(n_threads)]
    done = subprocess.run(["taskset", "-c", core, *script], check=True, text=True, capture_output=True)
    return float(done.stdout)


def test_threads_that_wait_give_up_their_core(tiny_en: Path, jfk: Path) -> None:
    one = _cpu_seconds_on_one_core(tiny_en, jfk, 1)
    two = _cpu_seconds_on_one_core(tiny_en, jfk, 2)
    # Unpatched, the waiting thread burns whole time slices: some twenty times the work.
    assert two < 4 * one
