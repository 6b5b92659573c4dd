"""Measurements that never were, for tables and pages."""

from __future__ import annotations

from collections.abc import Sequence

from wheels.bench.records import Case, Kept, Record, Run
from wheels.bench.words import Errors

CASE = Case("tiny.en", 2, "greedy", "jfk")


def record(
    row: str, total: Sequence[float], wrong: int = 0, run: str = "2026-11-26 04:00:00", case: Case = CASE
) -> Record:
    """A row of 11 s of speech and 1000 words that takes twice its time on the CPU."""
    steps = {"encode": total[0] / 2, "decode": total[0] / 4}
    errors = Errors(1000, wrong, 0, 0)
    return Record(
        case, row, run, 11.0, list(total), [2 * one for one in total], steps, 10**8, errors, str(wrong)
    )


def kept(*records: Record) -> Kept:
    """These, and their runs."""
    return Kept({one.run: Run("a machine", 0.5, "our.whl") for one in records}, records)
