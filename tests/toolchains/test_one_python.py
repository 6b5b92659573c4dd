"""The trap: what an extension is built for, what the wheel claims and what runs must be one Python."""

from __future__ import annotations

import re
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts import bazel
from scripts.command import capture
from scripts.errors import BuildError
from toolchains.python import interpreter
from wheels import cmake_backend
from wheels.request import PYTHON_VERSION, parse


@pytest.fixture(params=["bazel", "cmake"])
def built(request: pytest.FixtureRequest) -> Path:
    """The wheel of each build path."""
    path: Path = request.getfixturevalue({"bazel": "wheel", "cmake": "cmake_wheel"}[request.param])
    return path


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    """What the pinned interpreter says of itself."""
    return interpreter.find(PYTHON_VERSION)


def extensions(wheel: Path) -> dict[str, str]:
    """Module name -> suffix of each extension in a wheel."""
    names = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]
    pairs = [Path(name).name.split(".", 1) for name in names]
    return {module: f".{suffix}" for module, suffix in pairs}


def test_the_extensions_have_the_suffix_of_the_pinned_and_of_the_running_python(
    built: Path, facts: dict[str, Any]
) -> None:
    assert extensions(built) == {"_core": facts["ext_suffix"], "_cpu": facts["ext_suffix"]}
    assert facts["ext_suffix"] == sysconfig.get_config_var("EXT_SUFFIX")


def test_the_tag_is_that_of_the_pinned_python(built: Path, facts: dict[str, Any]) -> None:
    *_, python, abi, _ = built.stem.split("-")
    assert (python, abi) == (facts["tag"], facts["abi"])
    with zipfile.ZipFile(built) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        tags = re.findall(r"^Tag: (.+)$", archive.read(name).decode(), re.MULTILINE)
    assert [tag.split("-")[:2] for tag in tags] == [[facts["tag"], facts["abi"]]] * len(tags)
    assert tags


def test_the_suffix_names_the_tag(built: Path, facts: dict[str, Any]) -> None:
    for suffix in extensions(built).values():
        assert f"cp{suffix.split('-')[1]}" == facts["abi"]


def test_bazel_took_headers_and_runtime_from_that_interpreter(root: Path, facts: dict[str, Any]) -> None:
    try:
        found = bazel.find()
    except BuildError as error:
        pytest.skip(str(error).splitlines()[0])
    base = capture([*bazel.command(found, "info"), "output_base"], cwd=root)
    repository = Path(base) / "external" / "pinned_python"
    assert (repository / "include").resolve() == Path(facts["include"]).resolve()
    assert f'interpreter_path = "{facts["executable"]}"' in (repository / "BUILD.bazel").read_text()
    assert f'EXT_SUFFIX = "{facts["ext_suffix"]}"' in (repository / "defs.bzl").read_text()


def test_cmake_took_headers_from_that_interpreter(root: Path, facts: dict[str, Any]) -> None:
    cache = cmake_backend.build_folder(parse([], root)) / "CMakeCache.txt"
    text = cache.read_text(encoding="utf-8")
    found = re.findall(r"^_?Python_INCLUDE_DIR\w*:\w+=(.+)$", text, re.MULTILINE)
    assert found
    assert {Path(path).resolve() for path in found} == {Path(facts["include"]).resolve()}
