"""zig is unpacked once, and each target gets compilers that know what they compile for."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from scripts import fetch_zig, index
from scripts.errors import BuildError
from scripts.pins import ZIG
from toolchains.profiles import machine
from toolchains.targets import TARGETS

# Prints its arguments and caches; where it is asked for a file, it writes one.
ZIG_SCRIPT = """#!/bin/sh
echo "$@"
echo "$ZIG_GLOBAL_CACHE_DIR $ZIG_LOCAL_CACHE_DIR"
while [ $# -gt 1 ]; do [ "$1" = -o ] && : > "$2"; shift; done
exit 0
"""


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In place of the package index: hands out a wheel with the script; notes what was asked for."""
    asked: list[str] = []

    def download(requirement: str, sha256: str, folder: Path, options: list[str]) -> Path:
        asked.append(f"{requirement} {sha256}")
        folder.mkdir(parents=True, exist_ok=True)
        wheel = folder / "ziglang.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("ziglang/zig", ZIG_SCRIPT)
        return wheel

    monkeypatch.setattr(index, "download", download)
    return asked


def said(program: Path, *arguments: str) -> list[str]:
    """What a program prints."""
    return subprocess.run(
        [str(program), *arguments], text=True, capture_output=True, check=True
    ).stdout.splitlines()


def test_each_target_has_its_compilers(tmp_path: Path, downloads: list[str]) -> None:
    programs = fetch_zig.fetch(tmp_path)
    assert downloads == [f"ziglang=={ZIG['version']} {ZIG['sha256'][machine()]}"]
    for target, data in TARGETS.items():
        for tool in ("cc", "c++"):
            words, caches = said(programs / target / tool, "-c", "x.c")
            assert words == f"{tool} -target {data['zig']} -c x.c"
            assert caches == f"{fetch_zig.CACHE} {fetch_zig.CACHE}"
        assert said(programs / target / "ar", "rcs", "x.a")[0] == "ar rcs x.a"


def test_it_is_fetched_once_and_the_download_is_not_kept(tmp_path: Path, downloads: list[str]) -> None:
    programs = fetch_zig.fetch(tmp_path)
    before = (programs / "x86_64" / "cc").stat().st_mtime_ns
    fetch_zig.fetch(tmp_path)
    assert len(downloads) == 1
    assert (programs / "x86_64" / "cc").stat().st_mtime_ns == before
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_cache_of_ones_own_is_respected(
    tmp_path: Path, downloads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = fetch_zig.fetch(tmp_path)
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", "/elsewhere")
    assert said(programs / "aarch64" / "cc", "-c", "x.c")[1].split()[0] == "/elsewhere"


def test_a_folder_with_a_space_is_no_trouble(tmp_path: Path, downloads: list[str]) -> None:
    programs = fetch_zig.fetch(tmp_path / "a b")
    assert said(programs / "armv7l" / "c++", "-E", "x y.c")[0].endswith("-E x y.c")


def test_a_machine_without_zig_is_told_of_gcc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetch_zig, "machine", lambda: "riscv64")
    with pytest.raises(BuildError, match=r"not for riscv64; use --compiler gcc"):
        fetch_zig.fetch(tmp_path)
