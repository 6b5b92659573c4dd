"""The promised list: what cibuildwheel builds, what a file name keeps, what is said of an unknown word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.matrix import PYTHONS, TARGETS, kept, promised


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cibuildwheel needs Python 3.11 or newer")
def test_cibuildwheel_builds_exactly_what_is_promised(root: Path) -> None:
    ask = ["--print-build-identifiers", "--platform", "linux", "--archs", "x86_64,aarch64"]
    said = subprocess.run(
        [sys.executable, "-m", "cibuildwheel", *ask], cwd=root, text=True, capture_output=True, check=True
    )
    wanted = [promise.identifier for promise in promised(road="cibuildwheel")]
    assert len(wanted) == 28
    assert sorted(said.stdout.split()) == sorted(wanted)


def test_the_promise_covers_every_python_on_every_native_target() -> None:
    tags = {promise.tag for promise in promised()}
    assert {
        "cp39-cp39-manylinux_2_17_x86_64",
        "cp314-cp314t-musllinux_1_2_aarch64",
        "cp311-cp311-manylinux_2_17_armv7l",
    } <= tags
    native = [name for name, target in TARGETS.items() if target.road == "cibuildwheel"]
    assert all(set(TARGETS[name].pythons) == set(PYTHONS) for name in native)


def test_python_and_target_narrow_the_list() -> None:
    (only,) = promised(["3.14t"], ["aarch64-musl"])
    assert (only.identifier, only.tag) == ("cp314t-musllinux_aarch64", "cp314-cp314t-musllinux_1_2_aarch64")
    assert {promise.target for promise in promised(road="zig")} == {"armv7l"}


@pytest.mark.parametrize(("pythons", "targets"), [(["3.8"], []), ([], ["riscv64"])])
def test_an_unknown_word_is_answered_with_the_known_ones(pythons: list[str], targets: list[str]) -> None:
    with pytest.raises(BuildError, match=r"3\.8.*3\.9, 3\.10|riscv64.*x86_64, aarch64"):
        promised(pythons, targets)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("pywhispercpp-1.6.0-cp314-cp314t-manylinux_2_17_x86_64.whl", "x86_64"),
        ("pywhispercpp-1.6.0-cp311-cp311-musllinux_1_2_aarch64.whl", "aarch64-musl"),
        ("pywhispercpp-1.6.0-1armv7_a-cp311-cp311-manylinux_2_17_armv7l.whl", "armv7l"),
        ("pywhispercpp-1.6.0-1native-cp311-cp311-manylinux_2_17_x86_64.whl", ""),
        ("pywhispercpp-1.6.0-1pi4-cp311-cp311-manylinux_2_17_aarch64.whl", ""),
        ("pywhispercpp-1.6.0-cp311-cp311-manylinux_2_34_x86_64.whl", ""),
        ("pywhispercpp-1.6.0-cp38-cp38-manylinux_2_17_x86_64.whl", ""),
    ],
)
def test_a_file_name_keeps_one_promise_or_none(name: str, target: str) -> None:
    promise = kept(name)
    assert (promise.target if promise else "") == target
