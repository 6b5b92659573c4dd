"""What each speed-up buys: its row, and the table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.wheels.bench.made_up import record
from wheels.bench import __main__ as bench
from wheels.bench import levers, peers, records, tasks
from wheels.bench.records import Case, Record
from wheels.bench.setups import Setups


def test_each_speed_up_has_a_row_without_it(wheel: Path, tmp_path: Path, tiny_en: Path) -> None:
    setups = Setups(wheel, Path(sys.executable), "tiny.en", 2, tmp_path)
    vars(setups)["_python"] = Path(sys.executable)  # a cached property: no second environment is made
    rows = levers.rows(setups, "ggml", ["mel", "pool"])
    switched = [(row.label, row.settings.get("optimize")) for row in rows]
    assert switched == [
        ("all", "all"),
        ("without mel", "all,-mel"),
        ("without pool", "all,-pool"),
        ("none", "none"),
        ("weights q8_0", None),
        ("audio_ctx auto", None),
        ("vad", None),
        ("n_threads 1", None),
    ]
    assert [row.settings["n_threads"] for row in rows] == [2] * 7 + [1]
    assert Path(rows[4].settings["model"]).name == "ggml-tiny.en-q8_0.bin"


def test_the_table_has_steps_and_what_it_costs_not_to_have_one() -> None:
    rows = [record("all", [1.0, 2.0, 3.0]), record("none", [2.0, 3.0, 6.0], wrong=5)]
    _, _, *lines = levers.table(rows).splitlines()
    first, none = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    assert first == ["all", "2.000", "0.500", "0.250", "1.250", "1.00", "1.00", "0.00 %", "the same"]
    assert none[0:2] + none[5:] == ["none", "3.000", "2.00", "2.00", "0.50 %", "another"]


def test_a_run_prints_and_keeps_a_table_for_each_encoder(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(_: object, case: Case, *__: object) -> Iterator[list[Record]]:
        yield [record(name, [1.0, 2.0], case=replace(case, audio="jfk")) for name in ("all", "none")]

    monkeypatch.setattr(peers, "measure", measured)
    monkeypatch.setattr(levers, "rows", lambda *_: [])
    monkeypatch.setattr(Setups, "levers", ())
    monkeypatch.setattr(tasks, "make", lambda *_: None)
    file = tmp_path / "levers.json"
    given = bench.arguments(["levers", "--models", "tiny.en", "--audios", "jfk", "--results", str(file)])
    for _ in range(2):
        levers.run(wheel, Path(sys.executable), given)
    kept = records.load(file)
    assert [case.strategy for case in kept.cases()] == ["greedy, ggml", "greedy, OpenVINO"]
    assert [list(kept.of(case)) for case in kept.cases()] == [["all", "none"]] * 2
    assert capsys.readouterr().out.count("| none") == 4
