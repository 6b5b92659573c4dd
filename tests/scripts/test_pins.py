"""Every pin is whole, and what is written down twice agrees."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomllib

from scripts.fetch_whisper_cpp import unpack
from scripts.pins import ROOT, WHEELS, WHISPER_CPP
from scripts.tree import tree_sha256
from toolchains.literals import read_literals

SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"\d+(\.\d+)+")
LIBRARIES: dict[str, Any] = read_literals(ROOT / "toolchains" / "sources.bzl")["LIBRARIES"]
DOWNLOADED = {
    "archive": f"whisper.cpp-{WHISPER_CPP['version']}.tar.gz",
    "sdist": f"{WHISPER_CPP['sdist']['requirement'].replace('==', '-')}.tar.gz",
}
WHISPER_TREE = ROOT / "build" / "whisper.cpp"


@pytest.mark.parametrize("name", WHEELS)
def test_a_wheel_pin_has_a_name_version_hash_and_licence(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert set(WHEELS[name]) == {"version", "sha256", "license"}
    assert VERSION.fullmatch(WHEELS[name]["version"])
    assert SHA256.fullmatch(WHEELS[name]["sha256"])
    assert WHEELS[name]["license"]


def test_the_pin_of_whisper_cpp_is_whole() -> None:
    assert VERSION.fullmatch(WHISPER_CPP["version"])
    assert SHA256.fullmatch(WHISPER_CPP["tree_sha256"])
    assert SHA256.fullmatch(WHISPER_CPP["sdist"]["sha256"])
    assert WHISPER_CPP["license"] == "MIT"
    assert WHISPER_CPP["version"] in WHISPER_CPP["archive"]["url"]
    assert WHISPER_CPP["archive"]["prefix"].endswith(WHISPER_CPP["version"])
    assert re.fullmatch(r"[a-z]+==[\d.]+", WHISPER_CPP["sdist"]["requirement"])


def test_the_compiled_in_versions_are_the_pinned_ones() -> None:
    assert LIBRARIES["whisper"]["defines"]["WHISPER_VERSION"] == f'"{WHISPER_CPP["version"]}"'
    assert LIBRARIES["ggml_base"]["defines"]["GGML_VERSION"] == f'"{WHISPER_CPP["ggml_version"]}"'
    assert LIBRARIES["ggml_base"]["defines"]["GGML_COMMIT"] == f'"v{WHISPER_CPP["version"]}"'


def test_the_pinned_ggml_version_is_that_of_the_fetched_tree() -> None:
    text = (WHISPER_TREE / "ggml" / "CMakeLists.txt").read_text(encoding="utf-8")
    parts = re.findall(r"^set\(GGML_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)\)", text, re.MULTILINE)
    assert ".".join(parts) == WHISPER_CPP["ggml_version"]


def test_the_download_carries_the_pinned_tree(tmp_path: Path) -> None:
    known = [(WHISPER_CPP[road]["prefix"], name) for road, name in DOWNLOADED.items()]
    carried = [(prefix, ROOT / "build" / "downloads" / name) for prefix, name in known]
    found = [(prefix, archive) for prefix, archive in carried if archive.is_file()]
    assert found, "nothing in build/downloads; run: nox -s fetch"
    for prefix, archive in found:
        folder = tmp_path / archive.name
        folder.mkdir()
        unpack(archive, prefix, folder)
        assert tree_sha256(folder, WHISPER_CPP["tree"]) == WHISPER_CPP["tree_sha256"]


def test_both_builds_compile_against_one_pybind11() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"pybind11=={WHEELS['pybind11']['version']}" in pyproject["build-system"]["requires"]


def test_every_library_file_exists_in_the_fetched_tree() -> None:
    common = [src for lib in LIBRARIES.values() for src in lib["srcs"]]
    for arch in {arch for lib in LIBRARIES.values() for arch in lib["arch_srcs"]}:
        named = common + [src for lib in LIBRARIES.values() for src in lib["arch_srcs"].get(arch, [])]
        assert len(named) == len(set(named))
        assert [src for src in named if not Path(WHISPER_TREE, src).is_file()] == []
