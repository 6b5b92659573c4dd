"""Workers keep a model and answer one request a line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.bench.tasks import JFK_SAYS
from wheels.bench.words import compare
from wheels.bench.worker import Setup, start


@pytest.fixture(scope="module")
def setup(tiny_en: Path, jfk: Path) -> Setup:
    """The installed package, which pytest runs with."""
    return Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, {})


def test_an_answer_has_the_text_and_whisper_cpps_own_times(setup: Setup, jfk: Path) -> None:
    with start(setup) as worker:
        answer = worker.ask(jfk)
        assert compare(JFK_SAYS, answer["text"]).rate == 0
        assert 0 < answer["encode"] < answer["total"]
        assert answer["cpu"] > 0
        assert (answer["encodes"], answer["fallbacks"]) == (1, 0)


def test_options_of_a_request_go_over_those_of_the_setup(setup: Setup, jfk: Path) -> None:
    one = {"single_segment": True, "no_timestamps": True, "max_tokens": 1}
    with start(Setup("one", setup.python, setup.settings, one)) as worker:
        assert worker.ask(jfk)["text"] == "And so"
        assert "ask" in worker.ask(jfk, max_tokens=0)["text"]


def test_failed_decodings_are_those_of_this_request(setup: Setup, jfk: Path) -> None:
    with start(setup) as worker:
        # No text is as likely as this asks for: one failure for each temperature but the last.
        counts = [worker.ask(jfk, logprob_thold=0.0, temperature_inc=0.5)["fallbacks"] for _ in range(2)]
        assert counts[0] > 0
        assert counts == [counts[0]] * 2


def test_a_worker_gets_the_cores_it_is_given(setup: Setup) -> None:
    ours = os.sched_getaffinity(0)
    with start(setup, cores=1) as worker:
        assert os.sched_getaffinity(worker.process.pid) == {min(ours)}
    assert os.sched_getaffinity(0) == ours


def test_a_worker_that_cannot_start_is_named(setup: Setup, tmp_path: Path) -> None:
    broken = Setup("no such model", setup.python, {"model": str(tmp_path / "no.bin")}, {})
    with pytest.raises(BuildError, match="the worker of no such model died"), start(broken):
        pass
