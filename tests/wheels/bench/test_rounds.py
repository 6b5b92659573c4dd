"""Rounds are interleaved, the first is dropped, and ratios are those of a round."""

from __future__ import annotations

import pytest

from wheels.bench.rounds import Spread, interleave, spread, times_faster


def test_everything_is_run_once_a_round_and_the_first_round_is_dropped() -> None:
    order: list[str] = []

    def run(name: str) -> int:
        order.append(name)
        return len(order)

    results = interleave([lambda: run("a"), lambda: run("b")], rounds=2)
    assert order == ["a", "b"] * 3
    assert results == [[3, 5], [4, 6]]


def test_the_spread_is_median_and_quartiles() -> None:
    assert spread([5, 1, 2, 3, 4]) == Spread(3, 2, 4)
    assert spread([7]) == Spread(7, 7, 7)


def test_a_slow_round_slows_both_and_changes_no_ratio() -> None:
    assert times_faster([4, 8, 40], [2, 4, 20]) == Spread(2, 2, 2)
    assert times_faster([4, 8, 40], [2, 4, 10]).middle == 2
    assert times_faster([4, 8], [2, 2]).middle == pytest.approx(3)
