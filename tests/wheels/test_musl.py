"""Wheels for musl: tagged from their own ELF files, as auditwheel does, and never mixed up with glibc's."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheels import archive
from wheels.codes import Code
from wheels.elf import parse_elf
from wheels.tag import blockers, platform_tag, policies
from wheels.verify import verify

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

MACHINE = platform.machine()
#: Alpine's name of musl, and the name that zig links.
ALPINE, ZIG = f"libc.musl-{MACHINE}.so.1", "libc.so"


def module(shop: Workshop, name: str, soname: str = ALPINE) -> bytes:
    """A real extension module that is linked against a C library of this name."""
    stand_in = shop.fresh() / "libc"
    source = stand_in.with_suffix(".c")
    source.write_text("int puts(const char *text) { return text != 0; }\n")
    options = ["-shared", "-fPIC", "-nostdlib", f"-Wl,-soname,{soname}"]
    subprocess.run(["gcc", *options, source, "-o", stand_in], check=True)
    return shop.compile("-nostdlib", str(stand_in), module=name)


def musl_wheel(shop: Workshop, platform_name: str, soname: str = ALPINE, other: bytes = b"") -> Path:
    """The good wheel with musl's modules under musl's names; `other` takes the place of `_cpu`."""
    members = shop.members()
    for name in ("_core", "_cpu"):
        old = shop.library(name)
        del members[old]
        members[old.replace("-linux-gnu", "-linux-musl")] = module(shop, name, soname)
        if other and name == "_cpu":
            members[old.replace("-linux-gnu", "-linux-musl")] = other
    python, _, _ = str(next(iter(shop.wheel.name.tags))).split("-")
    tag = f"{python}-{python}-{platform_name}"
    kept = [line for line in shop.wheel.text("WHEEL").splitlines() if line and not line.startswith("Tag:")]
    members[shop.info("WHEEL")] = "\n".join([*kept, f"Tag: {tag}", ""]).encode()
    return shop.save(members, name="-".join([*shop.good.name.split("-")[:2], tag]) + ".whl")


def tag_codes(path: Path) -> set[Enum]:
    """The findings about tags and machines."""
    return {finding.code for finding in verify(path)} & {getattr(Code, f"PW02{n}") for n in range(6)}


def test_the_tag_is_computed_and_auditwheel_agrees(workshop: Workshop) -> None:
    path = musl_wheel(workshop, f"musllinux_1_2_{MACHINE}")
    assert platform_tag(archive.load(path).libraries) == f"musllinux_1_2_{MACHINE}"
    said = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", "--json", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(said.stdout)["overall_tag"] == f"musllinux_1_2_{MACHINE}"
    assert verify(path) == []


def test_the_name_that_zig_links_has_no_tag(workshop: Workshop) -> None:
    path = musl_wheel(workshop, f"linux_{MACHINE}", ZIG)
    (libraries, newest) = archive.load(path).libraries, policies(MACHINE, "musl")[-1]
    assert blockers(libraries, newest) == [ZIG]
    assert platform_tag(libraries) == f"linux_{MACHINE}"
    findings = [str(finding) for finding in verify(path) if finding.code is Code.PW021]
    assert len(findings) == 1
    assert f"because of {ZIG}" in findings[0]


@pytest.mark.parametrize("tag", ["manylinux_2_17", "manylinux_2_34"])
def test_a_musl_wheel_tagged_for_glibc_is_found(workshop: Workshop, tag: str) -> None:
    path = musl_wheel(workshop, f"{tag}_{MACHINE}")
    assert tag_codes(path) == {Code.PW022}
    assert any("is linked against musl" in str(finding) for finding in verify(path))


def test_a_glibc_wheel_tagged_for_musl_is_found(workshop: Workshop) -> None:
    python, _, _ = str(next(iter(workshop.wheel.name.tags))).split("-")
    path = workshop.retag(f"{python}-{python}-musllinux_1_2_{MACHINE}")
    assert tag_codes(path) == {Code.PW022}


def test_two_c_libraries_in_one_wheel_are_found(workshop: Workshop) -> None:
    path = musl_wheel(workshop, f"musllinux_1_2_{MACHINE}", other=workshop.compile(module="_cpu"))
    assert Code.PW022 in tag_codes(path)


def test_an_older_musl_is_not_claimed(workshop: Workshop) -> None:
    assert tag_codes(musl_wheel(workshop, f"musllinux_1_1_{MACHINE}")) == {Code.PW024}


def test_a_module_for_musl_is_not_called_gnu(workshop: Workshop) -> None:
    members = dict(archive.load(musl_wheel(workshop, f"musllinux_1_2_{MACHINE}")).members)
    (name,) = [name for name in members if "_core." in name and name.endswith(".so")]
    members[name.replace("-linux-musl", "-linux-gnu")] = members.pop(name)
    python, _, _ = str(next(iter(workshop.wheel.name.tags))).split("-")
    path = workshop.save(
        members, name=f"{workshop.good.name.split('-cp')[0]}-{python}-{python}-musllinux_1_2_{MACHINE}.whl"
    )
    assert tag_codes(path) == {Code.PW023}


def test_the_libc_of_a_compiled_library(workshop: Workshop) -> None:
    assert parse_elf("_cpu.so", module(workshop, "_cpu")).libc == "musl"
    assert parse_elf("_cpu.so", module(workshop, "_cpu", ZIG)).libc == "musl"
    assert parse_elf("_cpu.so", workshop.compile()).libc == "glibc"
