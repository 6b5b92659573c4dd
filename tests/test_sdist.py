"""The sdist carries the verified sources, and pip builds a working wheel from it."""

from __future__ import annotations

import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from scripts.command import Argument, capture
from scripts.pins import BUILD, WHISPER_CPP
from scripts.tree import tree_sha256
from toolchains.profiles import machine
from wheels import cmake_backend
from wheels.collect import collect
from wheels.request import Request, parse

PROFILE = "x86-64-v2" if machine() == "x86_64" else "armv8-a"
SETTINGS = [
    f"cmake.define.PROFILE={PROFILE}",
    f"cmake.define.pybind11_DIR={BUILD}/pybind11/pybind11/share/cmake/pybind11",
]


@pytest.fixture(scope="module")
def request_() -> Request:
    """The request behind the CMake wheel of this run."""
    return parse(["--backend", "cmake"], BUILD)


@pytest.fixture(scope="module")
def sdist(root: Path, request_: Request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's sdist, unpacked."""
    python = cmake_backend.environment(request_)
    folder = tmp_path_factory.mktemp("sdist")
    make = f"import scikit_build_core.build as b; print(b.build_sdist({str(folder)!r}))"
    name = capture([python, "-c", make], cwd=root).splitlines()[-1]
    capture(["tar", "-xzf", folder / name, "-C", folder])
    return folder / name.removesuffix(".tar.gz")


def test_the_sdist_carries_what_is_compiled(sdist: Path) -> None:
    for name in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE", "toolchains/sources.bzl"):
        assert (sdist / name).is_file(), name
    assert not (sdist / "build" / "downloads").exists()
    # The patched tree: it differs from the pinned one by the patches alone.
    tree = sdist / "build" / "whisper.cpp"
    assert tree_sha256(tree, WHISPER_CPP["tree"]) == tree_sha256(BUILD / "whisper.cpp", WHISPER_CPP["tree"])


def test_pip_builds_a_wheel_from_the_sdist(sdist: Path, request_: Request, tmp_path: Path) -> None:
    python = cmake_backend.environment(request_)
    pip: list[Argument] = [
        python,
        "-m",
        "pip",
        "wheel",
        "--no-build-isolation",
        "--no-deps",
        "--wheel-dir",
        tmp_path,
        sdist,
    ]
    settings = [f"--config-settings={setting}" for setting in SETTINGS]
    capture([*pip, *settings], env={"PATH": f"{python.parent}:/usr/bin:/bin"})
    (raw,) = tmp_path.glob("*.whl")
    # collect() checks everything: files, tag, licences, metadata, no path of the builder.
    wheel = collect(raw, tmp_path / "dist")
    with zipfile.ZipFile(wheel) as archive:
        (guard,) = [name for name in archive.namelist() if name.startswith("pywhispercpp/_cpu.c")]
        spec = spec_from_file_location("_cpu", archive.extract(guard, tmp_path))
    assert spec is not None
    facts = module_from_spec(spec).build_info()
    assert (facts["profile"], facts["backend"], facts["git_state"]) == (PROFILE, "cmake", "unknown")
