"""The benchmark runs wheels side by side and reports medians and ratios."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.bench import __main__ as bench
from wheels.bench import wheels


def test_the_table_gives_medians_and_ratios_to_the_first() -> None:
    first = [{"encode": s, "total": 2 * s} for s in (0.1, 0.3, 0.2)]
    second = [{"encode": s, "total": s} for s in (0.1, 0.1, 9.0)]
    _, one, two = wheels.table([Path("a.whl"), Path("b.whl")], [first, second]).splitlines()
    assert one.split() == ["200", "ms", "1.000", "400", "ms", "1.000", "a.whl"]
    assert two.split() == ["100", "ms", "0.500", "100", "ms", "0.250", "b.whl"]


def test_a_real_wheel_is_measured(wheel: Path, jfk: Path, tiny_en: Path) -> None:
    assert tiny_en.is_file()  # the worker takes it by its name
    (times,) = wheels.measure([wheel], Path(sys.executable), jfk, n_threads=1, rounds=1)
    assert len(times) == 1
    assert 0 < times[0]["encode"] < times[0]["total"]


def test_a_worker_that_dies_is_named(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"worker of .*\.whl died"):
        wheels.measure([wheel], Path(sys.executable), tmp_path / "no.wav", n_threads=1, rounds=1)


def test_wheels_alone_mean_wheels() -> None:
    for words in (["a.whl", "b.whl"], ["wheels", "a.whl", "b.whl"]):
        given = bench.arguments(words)
        assert (given.what, given.wheels) == ("wheels", [Path("a.whl"), Path("b.whl")])
        assert given.audio == bench.JFK


@pytest.mark.parametrize("what", [["x.whl"], ["encoder"], ["audio-context"], ["peers"], ["levers"]])
def test_a_python_that_is_not_there_is_said_in_words(what: list[str]) -> None:
    with pytest.raises(BuildError, match=r"pyenv install 3\.99"):
        bench.main([*what, "--python", "3.99"])
