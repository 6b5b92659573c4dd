"""The form of Bazel files: our own rules one by one, and buildifier where it can be had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import lint_bazel
from scripts.bazel_rules import problems
from scripts.errors import BuildError
from scripts.pins import ROOT

GOOD = '''"""A file in form."""

load("@one//:a.bzl", "alpha")
load("//two:b.bzl", "beta")
load(":c.bzl", gamma = "delta")

def epsilon():
    """Uses what it loads."""
    return alpha(beta, gamma)
'''

BROKEN = [
    ("no docstring", GOOD.split("\n", 2)[2], "1: open the file with a docstring"),
    ("tab", GOOD.replace("    return", "\treturn").replace('    """', '\t"""'), "use spaces, no tabs"),
    ("trailing space", GOOD.replace("gamma)\n", "gamma) \n"), "9: remove the spaces at the end of the line"),
    ("two newlines", GOOD + "\n", "end the file with one newline"),
    ("no newline", GOOD[:-1], "end the file with one newline"),
    ("indentation", GOOD.replace("    return", "  return").replace('    """', '  """'), "indent by 4"),
    ("single quotes", GOOD.replace('"alpha"', "'alpha'"), "3: use double quotes"),
    ("unused load", GOOD.replace("beta, gamma", "gamma"), "4: beta is loaded and never used"),
    ("unused alias", GOOD.replace("beta, gamma", "beta"), "5: gamma is loaded and never used"),
    ("unsorted", GOOD.replace("@one//:a.bzl", "//x:a.bzl").replace("//two", "@two//"), "3: sort the load()s"),
    ("load below", GOOD + '\nload(":d.bzl", "epsilon")\n', "11: put every load() on top"),
    ("syntax", GOOD + "def\n", "10: "),
]


def test_a_file_in_form_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(("text", "problem"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_each_rule_finds_its_problem(text: str, problem: str) -> None:
    assert any(problem in found for found in problems(text)), problems(text)


def test_loads_of_a_workspace_follow_what_they_load_from() -> None:
    text = '"""W."""\n\nworkspace(name = "w")\n\nf(name = "x")\n\nload("@x//:d.bzl", "d")\n\nd()\n'
    assert problems(text) == []


def test_every_bazel_file_that_git_knows_is_looked_at(root: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=root, text=True, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = {n for n in listed.stdout.splitlines() if n.endswith((".bzl", "BUILD.bazel", "WORKSPACE"))}
    assert len(names) > 20
    assert names <= {path.relative_to(root).as_posix() for path in lint_bazel.files()}


def test_the_files_of_this_checkout_keep_our_own_rules() -> None:
    lint_bazel.check_by_ourselves(lint_bazel.files())


def test_problems_are_told_with_file_and_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.bzl"
    bad.write_text(GOOD.replace('"alpha"', "'alpha'"))
    with pytest.raises(BuildError, match=r"bad\.bzl:3: use double quotes"):
        lint_bazel.check_by_ourselves([bad])


def test_where_there_is_no_buildifier_it_is_said_and_our_rules_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lint_bazel.main([])
    assert "no buildifier here" in capsys.readouterr().out
    bad = tmp_path / "bad.bzl"
    bad.write_text("x = 1\n")
    with pytest.raises(BuildError, match="docstring"):
        lint_bazel.main([str(bad)])


def test_a_buildifier_on_path_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "buildifier"
    program.write_text('#!/bin/sh\ncase "$1" in --version) exit 0;; *) exit 4;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="buildifier exited with 4"):
        lint_bazel.main([])


def test_the_files_of_this_checkout_pass_buildifier() -> None:
    if lint_bazel.find() is None:
        pytest.skip("no buildifier on PATH, and npm cannot get it")
    command = [sys.executable, "-m", "scripts.lint_bazel"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
