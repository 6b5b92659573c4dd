"""What was measured is kept, and a later run replaces only what it measures again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.wheels.bench.made_up import CASE, kept, record
from wheels.bench import records
from wheels.bench.records import Kept, Run

LATER = "2026-11-27 05:00:00"
NEW = Run("another machine", 1.5, "new.whl")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "new" / "peers.json"
    assert records.load(file) == Kept()
    data = kept(record("a", [1.0, 2.0]), record("b", [3.0, 4.0], wrong=2))
    records.save(file, data)
    assert records.load(file) == data
    assert [one.name for one in file.parent.iterdir()] == ["peers.json"]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('{"case"') for line in lines) == 2  # a record a line: a change can be read


def test_a_later_run_takes_the_places_of_what_it_measures() -> None:
    other = replace(CASE, audio="long")
    old = kept(record("a", [1.0]), record("b", [2.0]), record("a", [9.0], case=other))
    new = records.with_new(old, NEW, [record("b", [3.0], run=LATER), record("c", [4.0], run=LATER)])
    assert [(one.row, one.total) for one in new.records] == [
        ("a", [1.0]),
        ("b", [3.0]),
        ("a", [9.0]),
        ("c", [4.0]),
    ]
    assert new.runs == {**old.runs, LATER: NEW}
    assert list(new.of(CASE)) == ["a", "b", "c"]
    assert new.cases() == [CASE, other]


def test_a_run_that_nothing_is_left_of_is_forgotten() -> None:
    old = kept(record("a", [1.0]))
    new = records.with_new(old, NEW, [record("a", [2.0], run=LATER)])
    assert new.runs == {LATER: NEW}


def test_a_case_can_be_replaced_as_a_whole() -> None:
    other = replace(CASE, audio="long")
    old = kept(record("gone", [1.0]), record("stays", [2.0], case=other))
    new = records.with_new(old, NEW, [record("a", [3.0], run=LATER)], whole=True)
    assert [one.row for one in new.records] == ["stays", "a"]


def test_rows_of_one_run_are_compared_round_by_round() -> None:
    slow, fast = record("slow", [2.0, 40.0, 4.0]), record("fast", [1.0, 10.0, 2.0])
    assert fast.faster(slow) == (2.0, 2.0)
    assert record("fast", [1.0, 10.0, 4.0]).faster(slow) == (2.0, 2.0)


def test_rows_of_two_runs_are_compared_by_their_medians() -> None:
    slow, fast = record("slow", [2.0, 40.0, 4.0]), record("fast", [1.0, 10.0, 3.0], run=LATER)
    assert fast.faster(slow) == pytest.approx((4 / 3, 4 / 3))


def test_a_case_in_words() -> None:
    assert str(CASE) == "tiny.en, jfk, greedy, 2 threads"
    assert str(replace(CASE, threads=1)) == "tiny.en, jfk, greedy, 1 thread"
