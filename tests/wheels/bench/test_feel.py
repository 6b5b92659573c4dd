"""What a user feels is measured on real processes, and kept part by part."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.bench import __main__ as bench
from wheels.bench import feel, feel_build, feel_memory, feel_start, felt
from wheels.bench.felt import Row
from wheels.bench.setups import Setups
from wheels.bench.worker import Setup

START = felt.of("start", "ours", "times", [1.4, 1.2, 1.1], 1.3)
SLOW = felt.of("import", "slow", "ms", [140.0, 120.0], 100)
REPORT = """\
import time: self [us] | cumulative | imported package
import time:      2500 |       2500 |   encodings
import time:      3000 |       5500 | site
import time:       100 |        100 |     re
import time:       400 |        500 |   pywhispercpp.backend
import time:       900 |        900 |   pywhispercpp.logs
import time:       100 |       1500 | pywhispercpp
import time:      9000 |       9000 |   later
"""


@pytest.fixture
def setup(tiny_en: Path) -> Setup:
    """The installed package, which pytest runs with."""
    return Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1, "backend": "ggml"}, {})


def test_a_goal_is_met_by_the_median() -> None:
    assert (START.median, START.low, START.high, START.runs, START.is_met) == (1.2, 1.15, 1.3, 3, True)
    assert not SLOW.is_met
    assert replace(SLOW, most=None).is_met


def test_a_part_replaces_itself_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "performance" / "feel.json"
    assert felt.load(file) == {}
    felt.save(file, felt.merged({}, [SLOW, START], "an old machine"))
    before = felt.load(file)
    assert [row["what"] for row in before["rows"]] == ["ours", "slow"]  # in the order of the parts
    felt.save(file, felt.merged(before, [replace(SLOW, what="faster")], "a machine"))
    after = felt.load(file)
    assert after["machine"] == "a machine"
    assert after["rows"][0] == before["rows"][0]
    assert [row["what"] for row in after["rows"]] == ["ours", "faster"]


def test_the_tables_say_what_is_met() -> None:
    lines = feel.markdown(felt.merged({}, [START, SLOW], "a machine")).splitlines()
    assert "| ours | 1.20 times | 1.15-1.30 | 3 | at most 1.3 times: met |" in lines
    assert "| slow | 130 ms | 125-135 | 2 | at most 100 ms: **not met** |" in lines
    assert sum(line.endswith(", a machine") for line in lines) == 2


def test_every_part_has_a_title_and_building_is_asked_for() -> None:
    assert list(feel.PARTS) == list(felt.TITLES)
    given = bench.arguments(["feel"])
    assert list(given.parts) == ["start", "import", "load", "memory"]
    assert bench.arguments(["feel", "--parts", "build", "import"]).parts == ["build", "import"]


def test_the_parts_of_an_import_are_those_of_the_package() -> None:
    rows = feel_start.parts(REPORT)
    assert [(row.what, row.median) for row in rows] == [
        ("of it `pywhispercpp.logs`", 0.9),
        ("of it `pywhispercpp.backend`", 0.5),
    ]
    assert len(feel_start.parts(REPORT, most=1)) == 1


def test_a_program_that_fails_or_says_something_else_is_no_measurement(tmp_path: Path) -> None:
    assert feel_start.seconds([sys.executable, "-c", "print('ask  not\\nwhat')"], tmp_path, "not what") > 0
    with pytest.raises(BuildError, match="ended with 3"):
        feel_start.seconds([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)
    with pytest.raises(BuildError, match="ended with 0 and said 'nothing"):
        feel_start.seconds([sys.executable, "-c", "print('nothing')"], tmp_path, "ask not")


def test_a_real_model_is_loaded_and_used_by_two_at_once(setup: Setup, jfk: Path, tmp_path: Path) -> None:
    loaded = feel_memory.ask(setup, tmp_path)
    assert 0 < loaded["load"] < 60
    short = replace(setup, options={"duration_ms": 1000})
    used = feel_memory.ask(short, tmp_path, {"n_sessions": 2}, jfk, 2)
    assert 75e6 < loaded["peak"] < used["peak"]
    assert 0 < used["pss"] <= used["rss"] <= used["peak"]


def test_another_encoder_than_the_row_is_of_is_no_measurement(setup: Setup, tmp_path: Path) -> None:
    asked = replace(setup, settings={**setup.settings, "backend": "openvino"})
    with pytest.raises(BuildError, match="is ggml's, not openvino's"):
        feel_memory.ask(asked, tmp_path, {"backend": "ggml"})


def test_a_checkout_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "build.py").write_text("raise SystemExit(4)", encoding="utf-8")
    with pytest.raises(BuildError, match=r"wheels\.build .* ended with 4"):
        feel_build.built(tmp_path, tmp_path / "dist")


def test_seconds_are_told_until_the_wheel_and_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    program = "import sys, time; print(sys.argv[2] + '/x.whl'); time.sleep(0.3); print('tried')"
    (tmp_path / "wheels" / "build.py").write_text(program, encoding="utf-8")
    wheel, tried = feel_build.built(tmp_path, tmp_path / "dist")
    assert 0 < wheel < tried
    assert tried - wheel > 0.2


def test_changes_are_made_where_something_is_compiled(root: Path, tmp_path: Path) -> None:
    for file in ("pywhispercpp/csrc/bind_full.cpp", "pywhispercpp/words.py"):
        assert (root / file).is_file()
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    for change in feel_build.CHANGES.values():
        change(tmp_path)
    assert (tmp_path / "pywhispercpp/csrc/bind_full.cpp").read_text(encoding="utf-8") == feel_build.CPP
    assert (tmp_path / "pywhispercpp/words.py").read_text(encoding="utf-8") == feel_build.PYTHON


def test_a_run_keeps_what_it_measured(
    monkeypatch: pytest.MonkeyPatch, wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def imports(setups: Setups, given: argparse.Namespace) -> list[Row]:
        return [SLOW]

    monkeypatch.setitem(feel.PARTS, "import", imports)
    given = argparse.Namespace(parts=["import"], results=tmp_path / "feel.json")
    feel.run(Setups(wheel, Path(sys.executable), "tiny.en", 1, tmp_path), given)
    assert felt.load(given.results)["rows"][0]["what"] == "slow"
    assert "| slow | 130 ms |" in capsys.readouterr().out
