"""Against other packages: the rows, and the table of what they took."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from tests.wheels.bench.made_up import CASE, record
from wheels.bench import __main__ as bench
from wheels.bench import peers, records, tasks
from wheels.bench.setups import GREEDY
from wheels.bench.worker import Setup


def _setup(label: str, model: Path, **options: object) -> Setup:
    return Setup(label, Path(sys.executable), {"model": str(model), "n_threads": 1}, {**GREEDY, **options})


def test_the_table_has_peers_first_ratios_to_each_words_and_memory() -> None:
    rows = [
        record("OpenVINO", [1.0, 1.0, 2.0], wrong=25),
        record(peers.FASTER_INT8, [2.0, 3.0, 4.0]),
        record(peers.INDEX, [4.0, 8.0, 6.0]),
    ]
    head, _, *lines = peers.table(rows).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in [head, *lines]]
    assert cells[0][4:] == ["x index (CPU)", "x f-w int8 (CPU)", "WER", "MB"]
    assert cells[1][:5] == [peers.INDEX, "6.00", "5.00-7.00", "2x", "1.00 (1.00)"]
    assert cells[2][4:6] == ["2.00 (2.00)", "1.00 (1.00)"]
    assert cells[3] == ["OpenVINO", "1.00", "1.00-1.50", "11x", "4.00 (4.00)", "2.00 (2.00)", "2.50 %", "100"]


def test_beams_are_asked_for_as_each_package_wants_it(tmp_path: Path) -> None:
    ours = _setup("ggml f16", tmp_path)
    assert peers.decoding(ours, "greedy") is ours
    beams = peers.decoding(ours, "beam-5")
    assert beams.settings["params_sampling_strategy"] == 1
    assert beams.options == {**GREEDY, "beam_search": {"beam_size": 5, "patience": -1.0}}
    assert peers.decoding(replace(ours, label=peers.OPENAI), "beam-5").options["beam_size"] == 5


def test_each_strategy_is_what_really_runs(tiny_en: Path, jfk: Path) -> None:
    rows = [peers.decoding(_setup(peers.GGML[0], tiny_en), strategy) for strategy in peers.STRATEGIES]
    case = replace(CASE, threads=1)
    ((greedy, beams),) = peers.measure(rows, case, [replace(tasks.make("jfk", jfk), times=1)], 1, jfk)
    assert (greedy.case, greedy.run) == (replace(case, audio="jfk"), beams.run)
    assert (greedy.errors.rate, beams.errors.rate) == (0, 0)
    # Five beams are sampled and decoded, not one.
    assert beams.steps["sample"] > 2 * greedy.steps["sample"]


def test_what_was_measured_is_kept(tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "peers.json"
    peers.keep(file, wheel, [record("OpenVINO", [1.0, 2.0])])
    peers.keep(file, wheel, [record("ggml f16", [1.0, 2.0])])
    kept = records.load(file)
    assert list(kept.of(CASE)) == ["OpenVINO", "ggml f16"]
    (run,) = kept.runs.values()
    assert run.wheel.startswith(f"{wheel.name}, sha256 ")
    assert "tiny.en, jfk, greedy, 2 threads: medians of 2 rounds" in capsys.readouterr().out


def test_parts_can_be_chosen() -> None:
    given: Namespace = bench.arguments(
        ["peers", "--models", "base", "--threads", "2", "--rows", "index", "f16"]
    )
    assert (given.models, given.threads, given.rows) == (["base"], [2], ["index", "f16"])
    assert (given.strategies, given.audios) == (["greedy", "beam-5"], ["jfk", "long", "short"])
    with pytest.raises(SystemExit):
        bench.arguments(["peers", "--rows", "nobody"])
