"""The fingerprint of a machine differs exactly where a shared cache would else mix two machines up."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchains.machine.fingerprint import fingerprint

NATIVE = ["-march=native"]
PINNED = "zig 0.1 x86_64-linux-gnu.2.17"


class Machine:
    """A folder with a gcc of its own: the real one behind a small script."""

    def __init__(self, folder: Path) -> None:
        self.gcc = folder / "gcc"
        self.real = shutil.which("gcc") or pytest.skip("no gcc; on Debian: apt-get install gcc")
        self.is_a("")

    def is_a(self, script: str) -> None:
        """Let a few lines of shell come before the real gcc."""
        self.gcc.write_text(f'#!/bin/sh\n{script}\nexec {self.real} "$@"\n')
        self.gcc.chmod(0o755)

    def fingerprint(self) -> dict[str, str]:
        """The hashes that this machine would put into its keys."""
        return fingerprint(NATIVE, PINNED, [str(self.gcc)])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine like this one."""
    return Machine(tmp_path)


def test_the_same_machine_has_the_same_fingerprint(machine: Machine) -> None:
    assert machine.fingerprint() == machine.fingerprint()


def test_another_cpu_changes_the_cpu_alone(machine: Machine) -> None:
    here = machine.fingerprint()
    machine.is_a('for a; do [ "$a" = -march=native ] && a=-march=of-nobody; set -- "$@" "$a"; shift; done')
    there = machine.fingerprint()
    assert there["cpu"] != here["cpu"]
    assert there["compilers"] == here["compilers"]


@pytest.mark.parametrize(
    "difference",
    [
        'case "$*" in -v) echo "gcc version 99 (Debian 99-1)" >&2; exit;; esac',
        'case "$*" in *stdc++*) echo "#define __GLIBC_MINOR__ 99";; esac',
        'case "$*" in *print-prog-name*) echo /no/such/ld; exit;; esac',
    ],
    ids=["compiler", "headers", "linker"],
)
def test_another_toolchain_changes_the_compilers_alone(machine: Machine, difference: str) -> None:
    here = machine.fingerprint()
    machine.is_a(difference)
    there = machine.fingerprint()
    assert there["compilers"] != here["compilers"]
    assert there["cpu"] == here["cpu"]


def test_a_compiler_that_is_not_there_is_left_out(machine: Machine) -> None:
    programs = [str(machine.gcc), "no-such-cross-gcc"]
    assert fingerprint(NATIVE, PINNED, programs) == machine.fingerprint()


def test_what_is_pinned_counts(machine: Machine) -> None:
    other = fingerprint(NATIVE, "zig 0.2 x86_64-linux-gnu.2.17", [str(machine.gcc)])
    assert other["compilers"] != machine.fingerprint()["compilers"]


def test_without_gcc_the_kernel_names_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for flags in ("sse avx", "sse"):
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
        monkeypatch.setattr("toolchains.machine.fingerprint.CPUINFO", tmp_path / "cpuinfo")
        seen.add(fingerprint(NATIVE, PINNED, ["no-such-gcc"])["cpu"])
    assert len(seen) == 2


def test_it_runs_as_bazel_runs_it(root: Path, machine: Machine) -> None:
    script = root / "toolchains" / "machine" / "fingerprint.py"
    flags = json.dumps({"x86_64": NATIVE, "aarch64": NATIVE})
    command = [sys.executable, "-I", str(script), flags, PINNED, str(machine.gcc)]
    said = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    assert json.loads(said) == machine.fingerprint()
