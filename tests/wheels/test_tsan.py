"""The hunt for data races finds one that is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.tsan import build, reports
from wheels.tsan.__main__ import HERE, watch

RACE = """
#include <unistd.h>
static int shared_number;
void race(void) { for (int i = 0; i < 20; ++i) { ++shared_number; usleep(5000); } }
void no_race(void) { usleep(5000); }
"""
SCRIPT = """
import ctypes, sys, threading
function = getattr(ctypes.CDLL(sys.argv[1]), sys.argv[2])
threads = [threading.Thread(target=function) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A shared library for ThreadSanitizer, with one function that races and one that does not."""
    try:
        build.runtime()
    except BuildError as error:
        pytest.skip(str(error))
    source, made = tmp_path / "race.c", tmp_path / "race.so"
    source.write_text(RACE)
    command = ["cc", "-fsanitize=thread", "-g", "-fPIC", "-shared", str(source), "-o", str(made)]
    subprocess.run(command, check=True, timeout=60)
    return made


@pytest.mark.parametrize(("function", "found"), [("race", 1), ("no_race", 0)])
def test_a_race_is_reported(library: Path, tmp_path: Path, function: str, found: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    told = watch(script, tmp_path, tmp_path / "logs", library, function)
    assert [reports.summary(one).startswith("data race") for one in told] == [True] * found
    assert all("race.c:4" in reports.summary(one) for one in told)


def test_a_program_that_fails_is_no_clean_one(library: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(BuildError, match=r"script\.py exited with 3"):
        watch(script, tmp_path, tmp_path / "logs")


def test_every_suppression_has_its_reason_and_none_is_of_the_bindings() -> None:
    lines = (HERE / "suppressions.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line and not line.startswith("#"):
            assert lines[number - 1].startswith("# "), line
            assert "pwc" not in line and "csrc" not in line and "*" not in line
