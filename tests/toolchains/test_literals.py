"""Data files hold literals and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.pins import ROOT
from toolchains.literals import read_literals


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('"""Doc."""\nA = 1\nB = ["x", {"y": None}]\n', {"A": 1, "B": ["x", {"y": None}]}),
        ('A = "no docstring, and yet not lost"\n', {"A": "no docstring, and yet not lost"}),
        ('"""Doc."""\n', {}),
    ],
)
def test_names_and_values_are_read(tmp_path: Path, text: str, values: dict[str, object]) -> None:
    file = tmp_path / "data.bzl"
    file.write_text(text)
    assert read_literals(file) == values


@pytest.mark.parametrize(
    "line",
    [
        "A = B",
        "A = [x for x in (1, 2)]",
        "A = dict(a = 1)",
        "A = B = 1",
        "A += 1",
        "A[0] = 1",
        'load("//:x.bzl", "x")',
        "def f():\n    return 1",
        '"a second docstring"',
    ],
)
def test_anything_else_is_an_error_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "data.bzl"
    file.write_text(f'"""Doc."""\nGOOD = 1\n{line}\n')
    with pytest.raises(ValueError, match=r"data\.bzl:3: only NAME = literal is allowed"):
        read_literals(file)


@pytest.mark.parametrize(
    "name",
    [
        "scripts/pins.bzl",
        "toolchains/profiles.bzl",
        "toolchains/sources.bzl",
        "toolchains/python/version.bzl",
    ],
)
def test_the_data_files_of_this_checkout_can_be_read(name: str) -> None:
    assert read_literals(ROOT / name)
