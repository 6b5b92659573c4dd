"""Five in a hundred more fail, five less ask to be stored, another Python's counts are not compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.perf.__main__ import require
from wheels.perf.figures import FIGURES, STORED, Counted, compare, table

FACTS = {"compiler": "clang 22", "python": "3.11.7"}
ENCODER = "encoder, 32 frames"
IMPORT = "import pywhispercpp"


def counted(python: str = "3.11.7", **instructions: int) -> Counted:
    """Made-up counts of the encoder and of an import."""
    names = {"encoder": ENCODER, "imported": IMPORT}
    return Counted({names[key]: count for key, count in instructions.items()}, {**FACTS, "python": python})


@pytest.mark.parametrize(
    ("now", "verdict"),
    [(1060, "TOO MANY"), (1040, ""), (1050, ""), (1000, ""), (950, ""), (940, "fewer: store it")],
)
def test_more_than_a_twentieth_is_told(now: int, verdict: str) -> None:
    (row,) = compare(counted(encoder=1000), counted(encoder=now))
    assert row.verdict == verdict


def test_too_many_fail_with_what_to_do_and_with_what_else_is_another() -> None:
    stored, now = counted(encoder=1000, imported=10), counted("3.11.9", encoder=1060, imported=20)
    with pytest.raises(BuildError) as caught:
        require(compare(stored, now), now.facts, stored.facts)
    told = str(caught.value)
    assert "1 of 2 figures are more than 5 % above stored.json: encoder, 32 frames (+6.0 %)" in told
    assert "nox -s perf -- --update" in told
    assert told.endswith("\npython: 3.11.9, stored with 3.11.7")


def test_fewer_do_not_fail() -> None:
    require(compare(counted(encoder=1000), counted(encoder=10)), FACTS, FACTS)


def test_what_python_does_is_compared_with_the_same_python_alone() -> None:
    stored = counted(imported=1000)
    assert [row.verdict for row in compare(stored, counted(imported=2000))] == ["TOO MANY"]
    assert [row.verdict for row in compare(stored, counted("3.11.9", imported=2000))] == ["not compared"]


def test_the_table_has_a_line_for_each() -> None:
    shown = table(compare(counted(encoder=1000), counted(encoder=1060, imported=20)))
    assert [line.split() for line in shown.splitlines()] == [
        ["instructions", "stored", "now", "change"],
        ["encoder,", "32", "frames", "1,000", "1,060", "+6.00%", "TOO", "MANY"],
        ["import", "pywhispercpp", "-", "20", "-", "not", "compared"],
    ]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "stored.json"
    assert Counted.read(file) == Counted({}, {})
    counted(encoder=1000).write(file)
    assert Counted.read(file) == counted(encoder=1000)


def test_every_figure_is_stored() -> None:
    stored = Counted.read(STORED)
    assert stored.instructions.keys() == {figure.name for figure in FIGURES}
    assert stored.facts.keys() == FACTS.keys()
    assert min(stored.instructions.values()) > 1_000_000
