"""The platform tag: computed from real libraries, and the same as auditwheel's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.errors import BuildError
from wheels import archive
from wheels.checks.tag import _wanted_suffixes
from wheels.elf import ElfFile, parse_elf
from wheels.tag import blockers, glibc_of, libc_asked, libc_of, machine_of, platform_tag, policies

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop


def library(
    *, versions: frozenset[str] = frozenset(), needed: tuple[str, ...] = (), **more: object
) -> ElfFile:
    """The facts of a library that is fine but for what is given."""
    facts: dict[str, Any] = {
        "name": "pywhispercpp/_core.so",
        "machine": "x86_64",
        "run_paths": (),
        "modules": (),
        "sections": frozenset(),
        "executable_stack": False,
        "relro": True,
    }
    return ElfFile(versions=versions, needed=needed, **{**facts, **more})


def test_auditwheel_show_agrees(wheel: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", "--json", str(wheel)],
        check=True,
        capture_output=True,
        text=True,
    )
    computed = platform_tag(archive.load(wheel).libraries)
    assert json.loads(said.stdout)["overall_tag"] == computed
    assert {computed} == archive.load(wheel).platforms


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"GLIBC_2.2.5"}, "manylinux_2_5_x86_64"),
        ({"GLIBC_2.14"}, "manylinux_2_17_x86_64"),
        ({"GLIBC_2.2.5", "GLIBC_2.29"}, "manylinux_2_31_x86_64"),
        ({"GLIBC_2.34"}, "manylinux_2_34_x86_64"),
        ({"GLIBC_2.14", "GLIBCXX_3.4.30"}, "manylinux_2_35_x86_64"),
        ({"CXXABI_1.3.13"}, "manylinux_2_34_x86_64"),
        ({"GCC_7.0.0"}, "manylinux_2_27_x86_64"),
        ({"GLIBC_2.99"}, "linux_x86_64"),
        ({"GLIBC_PRIVATE"}, "linux_x86_64"),
        ({"GOMP_4.0"}, "manylinux_2_5_x86_64"),
    ],
)
def test_the_newest_symbol_decides(versions: set[str], expected: str) -> None:
    assert platform_tag([library(versions=frozenset(versions))]) == expected


def test_the_newest_of_all_libraries_decides() -> None:
    old = library(name="pywhispercpp/_cpu.so", versions=frozenset({"GLIBC_2.2.5"}))
    new = library(versions=frozenset({"GLIBC_2.28"}))
    assert platform_tag([old, new]) == platform_tag([new, old]) == "manylinux_2_28_x86_64"


def test_aarch64_begins_at_2_17() -> None:
    assert platform_tag([library(machine="aarch64")]) == "manylinux_2_17_aarch64"


def test_a_library_of_the_system_is_a_blocker_until_it_is_grafted() -> None:
    needs = library(needed=("libgomp.so.1", "libc.so.6", "ld-linux-x86-64.so.2"))
    grafted = library(name="pywhispercpp.libs/libgomp.so.1")
    assert blockers([needs], policies("x86_64")[-1]) == ["libgomp.so.1"]
    assert platform_tag([needs]) == "linux_x86_64"
    assert platform_tag([needs, grafted]) == "manylinux_2_5_x86_64"


def test_the_openvino_that_is_pinned_is_no_blocker_and_its_other_libraries_are() -> None:
    needs = library(needed=("libopenvino_c.so.2641", "libc.so.6"))
    assert platform_tag([needs]) == "manylinux_2_5_x86_64"
    needs = library(needed=("libopenvino.so.2641", "libopenvino_c.so"))
    assert blockers([needs], policies("x86_64")[-1]) == ["libopenvino.so.2641", "libopenvino_c.so"]


def test_no_library_and_two_machines_have_no_tag() -> None:
    with pytest.raises(BuildError, match="exactly one machine, found none"):
        platform_tag([])
    with pytest.raises(BuildError, match=r"aarch64.*x86_64"):
        platform_tag([library(), library(machine="aarch64")])


def test_armv7l_has_its_own_policies() -> None:
    needs = library(machine="armv7l", needed=("libc.so.6", "ld-linux-armhf.so.3"))
    assert platform_tag([needs]) == "manylinux_2_17_armv7l"
    assert machine_of("manylinux_2_31_armv7l") == "armv7l"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_musl_has_one_tag(machine: str) -> None:
    assert (
        platform_tag([library(machine=machine, needed=(f"libc.musl-{machine}.so.1",))])
        == f"musllinux_1_2_{machine}"
    )


def test_a_version_of_a_grafted_library_is_no_blocker_for_musl() -> None:
    """libgcc_s calls one of its versions GLIBC_2.0, also where it is built for musl."""
    grafting = library(needed=("libc.musl-aarch64.so.1",), versions=frozenset({"GLIBC_2.0"}))
    assert blockers([grafting], policies("aarch64", "musl")[-1]) == []


def test_two_c_libraries_have_no_tag() -> None:
    both = [library(needed=("libc.so.6",)), library(needed=("libc.musl-x86_64.so.1",))]
    with pytest.raises(BuildError, match=r"exactly one C library, found \['glibc', 'musl'\]"):
        libc_of(both)


def test_a_machine_without_policies_is_named() -> None:
    with pytest.raises(BuildError, match="EM_AVR"):
        platform_tag([library(machine="EM_AVR")])
    with pytest.raises(BuildError, match="no musl policy knows the machine ppc64;"):
        policies("ppc64", "musl")


def test_parts_of_a_platform() -> None:
    assert machine_of("manylinux_2_34_x86_64") == machine_of("linux_x86_64") == "x86_64"
    assert machine_of("manylinux2014_aarch64") == "aarch64"
    assert glibc_of("manylinux_2_34_x86_64") == (2, 34)
    assert glibc_of("linux_aarch64") == glibc_of("musllinux_1_2_aarch64") == (0, 0)
    assert machine_of("musllinux_1_2_x86_64") == "x86_64"
    assert libc_asked("manylinux2014_x86_64") == libc_asked("manylinux_2_17_armv7l") == "glibc"
    assert (libc_asked("musllinux_1_2_aarch64"), libc_asked("linux_x86_64")) == ("musl", "")


@pytest.mark.parametrize("abi", ["cp39", "cp314", "cp314t"])
def test_the_suffix_follows_the_abi(abi: str) -> None:
    assert _wanted_suffixes("x86_64", "glibc", {abi}) == [f"cpython-{abi[2:]}-x86_64-linux-gnu"]


def test_elf_facts_of_a_compiled_library(workshop: Workshop) -> None:
    elf = parse_elf("pywhispercpp/_cpu.so", workshop.compile("-Wl,-rpath,$ORIGIN/../x"))
    assert elf.modules == ("_cpu",)
    assert elf.needed == ("libc.so.6",)
    assert elf.run_paths == ("$ORIGIN/../x",)
    assert any(version.startswith("GLIBC_2.") for version in elf.versions)
    assert (elf.relro, elf.executable_stack, ".symtab" in elf.sections) == (True, False, False)
