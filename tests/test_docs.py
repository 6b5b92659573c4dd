"""The documentation says what the code does: commands, options, names, examples, links."""

from __future__ import annotations

import argparse
import doctest
import html
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pywhispercpp
from pywhispercpp.options import OPTIONS


def generate(docs: Path) -> subprocess.CompletedProcess[str]:
    """Compare docs/cli.md and docs/api.md with what the installed package says of itself."""
    command = [sys.executable, str(docs / "generate.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def sections(text: str, marks: str) -> dict[str, str]:
    """Heading of that level -> what is below it."""
    parts = re.split(rf"^{marks} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test_cli_and_api_are_what_the_code_says(root: Path) -> None:
    done = generate(root / "docs")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("cli.md", "`-tr`", "`-xy`"),
        ("api.md", "| `temperature` |", "| `heat` |"),
        ("api.md", "### pywhispercpp.Model\n", ""),
        ("server.md", "| `MAX_MODEL` |", "| `LEAST_MODEL` |"),
    ],
)
def test_a_difference_is_seen(root: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(root / "docs", docs)
    text = (docs / name).read_text(encoding="utf-8")
    assert old in text
    (docs / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    done = generate(docs)
    assert done.returncode == 1
    assert done.stderr == f"{docs / name}: not what the code says; run: python docs/generate.py\n"


def test_every_command_and_option_is_in_cli_md_and_none_besides(root: Path) -> None:
    from pywhispercpp.cli import build_parser, manual

    text = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    parts = {**sections(text, "##"), **sections(text, "###"), **sections(text, "####")}
    parsers = {parser.prog: parser for parser in manual.parsers(build_parser())}
    del parsers["pywhispercpp"]
    assert set(parts) == set(parsers)
    for name, parser in parsers.items():
        actions = [a for a in parser._actions if not isinstance(a, argparse._HelpAction)]
        known = {option for action in actions for option in action.option_strings}
        own = re.split(r"^#", parts[name], flags=re.MULTILINE)[0]
        rows = [line for line in own.splitlines() if line.startswith("| `")]
        documented = set(re.findall(r"`(--?[\w-]+)", " ".join(row.split(" | ")[0] for row in rows)))
        assert documented == known, name


def test_every_public_name_method_and_option_is_in_api_md(root: Path) -> None:
    text = (root / "docs" / "api.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^###+ (.+)$", text, flags=re.MULTILINE))
    assert {f"pywhispercpp.{name}" for name in pywhispercpp.__all__} <= headings
    methods = {name for name in vars(pywhispercpp.Model) if not name.startswith("_")}
    assert {f"Model.{name}" for name in methods} <= headings
    for option in OPTIONS:
        assert f"| `{option.name}` |" in text
        assert all(f"| `{option.name}.{field.name}` |" in text for field in option.fields)


def test_the_tour_is_true(root: Path, jfk: Path, tiny_en: Path, silero: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.wav").symlink_to(jfk)
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        failed, tried = doctest.testfile(
            str(root / "docs" / "python.md"), module_relative=False, optionflags=doctest.ELLIPSIS
        )
    finally:
        os.chdir(before)
    assert (failed, tried > 20) == (0, True)


def test_examples_in_docstrings_are_true() -> None:
    failed = tried = 0
    for found in pkgutil.walk_packages(pywhispercpp.__path__, "pywhispercpp."):
        if found.name == "pywhispercpp.__main__":
            continue
        result = doctest.testmod(importlib.import_module(found.name))
        failed, tried = failed + result.failed, tried + result.attempted
    assert failed == 0 and tried >= 8


def test_the_site(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    shutil.copytree(root / "docs", tmp_path / "docs")
    shutil.copy(root / "mkdocs.yml", tmp_path)
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}

    def build() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    done = build()
    assert done.returncode == 0, done.stderr
    pages = {path.stem for path in (tmp_path / "docs").glob("*.md")}
    assert pages <= {path.stem for path in (tmp_path / "site").glob("*.html")}
    page = html.unescape((tmp_path / "site" / "api.html").read_text(encoding="utf-8"))
    assert "pywhispercpp.Model" in page and "Model.transcribe" in page
    assert "https://fonts." not in page
    (tmp_path / "docs" / "index.md").write_text("[nowhere](nowhere.md)\n", encoding="utf-8")
    again = build()
    assert again.returncode != 0 and "nowhere.md" in again.stderr
