"""Interleaved rounds: everything measured in turn, so that what slows the machine down slows all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeVar

T = TypeVar("T")


def interleave(runs: Sequence[Callable[[], T]], rounds: int, warm: bool = False) -> list[list[T]]:
    """Do every run once a round; one list for each. A first round, not kept, warms up what is not `warm`."""
    kept: list[list[T]] = [[] for _ in runs]
    for number in range(rounds + (not warm)):
        for run, results in zip(runs, kept):
            result = run()
            if warm or number:
                results.append(result)
    return kept


@dataclass(frozen=True)
class Spread:
    """A median, and the quartiles around it."""

    middle: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles; one value alone is all three."""
    if len(values) < 2:
        return Spread(*values, *values, *values)
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)


def times_faster(first: Sequence[float], own: Sequence[float]) -> Spread:
    """How many times faster than the first, round by round: what both met in a round falls out."""
    return spread([one / other for one, other in zip(first, own)])
