"""docs/performance.md is what was measured."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.wheels.bench.made_up import CASE, kept, record
from wheels.bench import felt, peers, plot, records, report
from wheels.bench.grid import grid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with measurements of two peers and of a lever."""
    beams = replace(CASE, strategy="beam-5")
    rows = [record(name, [2.0, 3.0]) for name in (peers.INDEX, peers.FASTER_INT8)]
    ours = [record("OpenVINO", [1.0, 1.0]), record("OpenVINO", [1.0, 1.0], case=beams)]
    records.save(tmp_path / "peers.json", kept(*rows, *ours))
    switched = replace(CASE, strategy="greedy, ggml")
    levers = [record(name, [2.0, 3.0], case=switched) for name in ("all", "without mel", "none")]
    records.save(tmp_path / "levers.json", kept(*levers))
    row = felt.of("import", "import pywhispercpp", "ms", [100.0], most=100.0)
    felt.save(tmp_path / "feel.json", felt.merged({}, [row], "a machine"))
    return tmp_path


def test_the_page_is_what_its_data_say() -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    assert text == report.markdown(records.FOLDER), "run: nox -s bench -- report"
    for image in re.findall(r"!\[.*\]\((.+)\)", text):
        assert (report.PAGE.parent / image).is_file()


def test_every_table_is_on_the_page(folder: Path) -> None:
    headings = [line for line in report.markdown(folder).splitlines() if line.startswith("#")]
    assert headings == [
        "# How fast it is",
        "## The goals",
        "## Against other packages",
        "### tiny.en, jfk, greedy, 2 threads",
        "### tiny.en, jfk, beam-5, 2 threads",
        "## What each speed-up buys",
        "### tiny.en, jfk, greedy, ggml, 2 threads",
        "## What a user feels",
    ]
    assert re.search(r"\| a machine +\| +our.whl +\| 2026-11-26 +\| 0.5-0.5 \|", report.markdown(folder))


def test_another_figure_makes_another_page(folder: Path) -> None:
    before = report.markdown(folder)
    data = json.loads((folder / "peers.json").read_text(encoding="utf-8"))
    data["records"][0]["total"][0] *= 2
    (folder / "peers.json").write_text(json.dumps(data), encoding="utf-8")
    assert report.markdown(folder) != before


def test_with_nothing_measured_there_is_still_a_page(tmp_path: Path) -> None:
    assert report.markdown(tmp_path).count("#") == 1


def test_a_plot_is_the_same_file_for_the_same_data(folder: Path) -> None:
    data = records.load(folder / "peers.json")
    for name in ("one.svg", "two.svg"):
        plot.draw(data, [CASE], peers.FASTER_INT8, folder / name)
    one, two = ((folder / name).read_text(encoding="utf-8") for name in ("one.svg", "two.svg"))
    assert one == two
    assert one.startswith("<?xml")


def test_a_plot_without_a_yardstick_is_not_drawn(folder: Path) -> None:
    plot.draw(kept(record("OpenVINO", [1.0])), [CASE], peers.FASTER_INT8, folder / "no.svg")
    assert not (folder / "no.svg").exists()


def test_columns_are_aligned() -> None:
    assert grid(["", "s"], [["one", "1.00"], ["three", "10.00"]]).splitlines() == [
        "|       |     s |",
        "| ----- | ----: |",
        "| one   |  1.00 |",
        "| three | 10.00 |",
    ]
