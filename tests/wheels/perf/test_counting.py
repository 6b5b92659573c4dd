"""Callgrind counts what lies between two marks, the same each time, and a program's own failure is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.errors import BuildError
from toolchains.profiles import machine
from wheels.perf import callgrind
from wheels.perf.__main__ import SCRIPT, main, require, require_x86_64
from wheels.perf.figures import FIGURES, Counted, compare
from wheels.request import PYTHON_VERSION, find_python

#: Adds numbers: so many thousand, then so many thousand more.
SUMS = """
import json, os, sys
os.getpgrp()
for times in map(int, sys.argv[1:3]):
    sum(range(1000 * times))
    os.getpgrp()
print(json.dumps({"marks": ["start", "first", "second"], "facts": {"python": "3"}}))
"""


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    """The program, where valgrind can run it."""
    if shutil.which("valgrind") is None:
        pytest.skip("needs valgrind (Debian: apt-get install valgrind)")
    script = tmp_path / "sums.py"
    script.write_text(SUMS)
    return script


def counted(script: Path, *numbers: int) -> dict[str, int]:
    """The instructions of a run."""
    python = Path(find_python(PYTHON_VERSION)["executable"])
    parts, facts = callgrind.count(python, script, script.parent, "sums", *map(str, numbers))
    assert facts == {"python": "3"}
    assert len(parts["first"].functions()) > 5
    assert sum(parts["first"].functions().values()) == parts["first"].instructions
    return {mark: part.instructions for mark, part in parts.items()}


def test_what_lies_between_marks_is_counted_and_counted_alike(sums: Path) -> None:
    once, again = counted(sums, 20, 40), counted(sums, 20, 40)
    assert 1.9 < once["second"] / once["first"] < 2.1
    assert all(abs(again[mark] / once[mark] - 1) < 0.001 for mark in once)


def test_a_fifth_more_work_is_seen(sums: Path) -> None:
    found = counted(sums, 20, 24)
    name = FIGURES[0].name
    rows = compare(Counted({name: found["first"]}, {}), Counted({name: found["second"]}, {"python": "3"}))
    with pytest.raises(BuildError, match=r"1 of 1 figures .*\(\+(19|20)\.\d %\); see where: nox -s perf --"):
        require(rows, {}, {})


def test_a_mark_that_is_not_told_is_no_count(sums: Path) -> None:
    sums.write_text(SUMS.replace('"first", ', ""))
    with pytest.raises(BuildError, match=r"other calls of getpgrp\(\) than the 2 marks of sums"):
        counted(sums, 1, 1)


def test_a_program_that_fails_is_told_with_its_last_words(sums: Path) -> None:
    sums.write_text("raise SystemExit('14 tokens, not 6')")
    with pytest.raises(
        BuildError, match=r"sums ended with status 1 under callgrind\n(.*\n)*14 tokens, not 6"
    ):
        counted(sums)


def test_without_valgrind_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(BuildError, match="apt-get install valgrind"):
        callgrind.find()


def test_it_counts_x86_64_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    require_x86_64("x86_64")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "aarch64")))
    with pytest.raises(BuildError, match="of x86_64 code only, this machine is aarch64"):
        main([])


@pytest.mark.skipif("avx2" not in Path("/proc/cpuinfo").read_text(), reason="needs a CPU with AVX2")
@pytest.mark.skipif(machine() != "x86_64", reason="x86_64 is counted alone")
@pytest.mark.parametrize("program", ["imported", "encoded", "greedy", "beams"])
def test_every_program_sets_the_marks_of_its_figures(
    program: str, portable_wheel: Path, jfk: Path, tiny_en: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(portable_wheel).extractall(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = list(map(str, [sys.executable, "-P", SCRIPT, program, jfk, tiny_en]))
    said = subprocess.run(
        command, env=env, cwd=tmp_path, text=True, check=True, stdout=subprocess.PIPE
    ).stdout
    told = json.loads(said.splitlines()[-1])
    figures = [figure for figure in FIGURES if figure.program == program]
    assert figures
    assert {mark for f in figures for mark in (f.mark, f.less) if mark} <= set(told["marks"])
    assert told["facts"].keys() == {"compiler", "python"}
