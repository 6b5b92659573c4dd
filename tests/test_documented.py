"""What can be run is documented, and what is copied is the same as what it was copied from."""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

import pytest

LICENCES = {
    "whisper.cpp": "build/whisper.cpp/LICENSE",
    "libcxx": "build/ziglang/ziglang/lib/libcxx/LICENSE.TXT",
    "libcxxabi": "build/ziglang/ziglang/lib/libcxxabi/LICENSE.TXT",
    "libunwind": "build/ziglang/ziglang/lib/libunwind/LICENSE.TXT",
    "zig": "build/ziglang/ziglang/LICENSE",
    "pybind11": "build/pybind11/pybind11-*.dist-info/licenses/LICENSE",
}


@pytest.fixture(scope="session")
def readme(root: Path) -> str:
    """The README."""
    return (root / "README.md").read_text(encoding="utf-8")


def sessions(noxfile: Path) -> list[ast.FunctionDef]:
    """The functions that are decorated as nox sessions."""
    module = ast.parse(noxfile.read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    return [f for f in functions if any("nox.session" in ast.unparse(d) for d in f.decorator_list)]


def test_every_session_is_in_the_readme(root: Path, readme: str) -> None:
    names = [function.name for function in sessions(root / "noxfile.py")]
    assert len(names) > 5
    assert [name for name in names if f"nox -s {name}" not in readme] == []


def test_every_session_says_its_purpose_in_one_line(root: Path) -> None:
    lines = {f.name: ast.get_docstring(f) or "" for f in sessions(root / "noxfile.py")}
    assert [name for name, text in lines.items() if not text or "\n" in text] == []


def commands() -> list[str]:
    """The commands of the installed command line."""
    from pywhispercpp.cli import build_parser

    (subparsers,) = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return sorted(subparsers.choices)


def test_every_command_is_in_the_readme(readme: str) -> None:
    names = commands()
    assert {"transcribe", "models"} <= set(names)
    assert [name for name in names if f"pywhispercpp {name}" not in readme] == []


def test_every_patch_has_a_row_and_every_row_a_patch(root: Path) -> None:
    text = (root / "patches" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|\s*\[?`?([^|`\s\]]+\.patch)", text, re.MULTILINE)
    assert sorted(rows) == sorted(path.name for path in (root / "patches").glob("*.patch"))


@pytest.mark.parametrize("name", LICENCES)
def test_a_kept_licence_is_the_fetched_one(root: Path, name: str) -> None:
    kept = root / "toolchains" / "external" / "licenses" / name / "LICENSE"
    (fetched,) = root.glob(LICENCES[name])
    assert kept.read_bytes() == fetched.read_bytes()


def test_the_licences_of_the_inner_projects_are_those_their_sources_name(root: Path) -> None:
    licences = root / "toolchains" / "external" / "licenses"
    sources = root / "build" / "whisper.cpp"
    sgemm = (sources / "ggml/src/ggml-cpu/llamafile/sgemm.cpp").read_text(encoding="utf-8")
    (holder,) = re.findall(r"^// Copyright \d+ (.+)$", sgemm, re.MULTILINE)
    assert holder in (licences / "llamafile" / "LICENSE").read_text(encoding="utf-8")
    assert "ggml authors" in (licences / "ggml" / "LICENSE").read_text(encoding="utf-8").lower()


def test_every_kept_licence_goes_into_the_wheel(root: Path, wheel: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    for kept in (root / "toolchains" / "external" / "licenses").glob("*/LICENSE"):
        inside = kept.relative_to(root).as_posix()
        assert [name for name in names if name.endswith(f".dist-info/licenses/{inside}")], inside
