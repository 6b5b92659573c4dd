"""Checks of the tags: file name, WHEEL and the ELF files inside must say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import HeaderParser

from packaging.tags import Tag, parse_tag

from scripts.errors import BuildError
from toolchains.targets import GNU_EVERYWHERE, TARGETS
from wheels.archive import Wheel
from wheels.checks.record import check_record
from wheels.codes import Code, Finding
from wheels.second_opinion import auditwheel_platform
from wheels.tag import blockers, glibc_of, libc_asked, libc_of, machine_of, platform_tag, policies

#: (machine, C library) -> the platform part of an extension's file name.
_MULTIARCH = {(t["arch"], t["libc"]): t["multiarch"] for t in TARGETS.values()}
_EXTENSION = re.compile(r"(?P<module>[^.]+)\.(?P<soabi>[^.]+)\.so")


def check_file_name_against_wheel(wheel: Wheel) -> Iterator[Finding]:
    """The Tag lines of WHEEL are the tags of the file name, no more and no less."""
    lines = HeaderParser().parsestr(wheel.text("WHEEL")).get_all("Tag", [])
    try:
        written: set[Tag] = set().union(*(parse_tag(line.strip()) for line in lines))
    except ValueError:
        yield Finding(Code.PW020, f"WHEEL holds a malformed tag among {lines}")
        return
    for tag in sorted(map(str, wheel.name.tags ^ written)):
        place = "only the file name" if tag in map(str, wheel.name.tags) else "only WHEEL"
        yield Finding(Code.PW020, f"{place} says {tag}")


def check_plain_linux(wheel: Wheel) -> Iterator[Finding]:
    """No `linux_*` tag is left over from the build."""
    for platform in sorted(wheel.platforms):
        if platform.startswith("linux_"):
            stop = _stopped(wheel, machine_of(platform))
            why = f", no better tag fits because of {', '.join(stop)}" if stop else ""
            yield Finding(Code.PW021, platform + why)


def _stopped(wheel: Wheel, machine: str) -> list[str]:
    """What keeps the wheel from the newest policy; nothing where there is no policy to ask."""
    try:
        return blockers(wheel.libraries, policies(machine, libc_of(wheel.libraries))[-1])
    except BuildError:
        return []


def check_machine(wheel: Wheel) -> Iterator[Finding]:
    """Every library is built for the machine, and linked against the C library, of the platform tag."""
    for platform in sorted(wheel.platforms):
        libc = libc_asked(platform)
        for library in wheel.libraries:
            if library.machine != machine_of(platform):
                yield Finding(Code.PW022, f"{library.name} is {library.machine}, the tag says {platform}")
            elif {library.libc, libc} == {"glibc", "musl"}:
                yield Finding(
                    Code.PW022, f"{library.name} is linked against {library.libc}, the tag says {platform}"
                )


def check_extensions(wheel: Wheel) -> Iterator[Finding]:
    """A module's file name, its PyInit function, its machine and the Python tag agree.

    pip and auditwheel let a cross-built `_core.cpython-311-x86_64-linux-gnu.so` for aarch64 pass;
    only the import would fail.
    """
    abis = {tag.abi for tag in wheel.name.tags}
    libcs = {library.libc for library in wheel.libraries if library.libc}
    for library in wheel.libraries:
        match = _EXTENSION.fullmatch(library.file_name)
        # libggml-cpu-armv8.2_1.so looks like a module of an odd ABI, and is none.
        if not library.modules and (match is None or library.file_name.startswith("lib")):
            continue
        # A module that needs nothing is for the C library of its neighbours.
        wanted = _wanted_suffixes(library.machine, library.libc or min(libcs, default="glibc"), abis)
        if match is None or match["soabi"] not in wanted:
            yield Finding(
                Code.PW023, f"{library.name} should end in one of {wanted} for this tag and machine"
            )
        elif match["module"] not in library.modules:
            yield Finding(Code.PW023, f"{library.name} does not export PyInit_{match['module']}")


def _wanted_suffixes(machine: str, libc: str, abis: set[str]) -> list[str]:
    """The SOABI parts an extension of these ABI tags may carry: cp311 -> cpython-311-x86_64-linux-gnu.

    Before CPython 3.11 the name said gnu for musl too.
    """
    found = set()
    for abi in abis:
        old = abi in GNU_EVERYWHERE
        arch = _MULTIARCH.get((machine, "glibc" if old else libc), machine)
        found.add("abi3" if abi == "abi3" else f"{re.sub(r'^cp', 'cpython-', abi)}-{arch}")
    return sorted(found)


def check_platform(wheel: Wheel) -> Iterator[Finding]:
    """The platform tag is the one that the symbol versions and needed libraries allow."""
    computed = _computed(wheel)
    for platform in sorted(wheel.platforms):
        if computed is None or platform.startswith("linux_") or machine_of(platform) != machine_of(computed):
            continue
        if libc_asked(platform) != libc_of(wheel.libraries):
            continue  # PW022 says so
        known = policies(machine_of(platform), libc_of(wheel.libraries))
        policy = next((p for p in known if platform in (p.name, *p.aliases)), None)
        if policy is None or policy.name != computed:
            stop = blockers(wheel.libraries, policy) if policy else []
            because = f" because of {', '.join(stop)}" if stop else ""
            way = "too old" if glibc_of(platform) < glibc_of(computed) or stop else "too new or unknown"
            yield Finding(Code.PW024, f"the tag says {platform} ({way}), the files allow {computed}{because}")


def check_second_opinion(wheel: Wheel) -> Iterator[Finding]:
    """auditwheel computes the same platform tag as we do."""
    computed = _computed(wheel)
    # auditwheel trips over broken files and over a wrong RECORD; those have their own codes.
    if computed is None or wheel.broken_libraries or any(check_record(wheel)):
        return
    if any(machine_of(platform) != machine_of(computed) for platform in wheel.platforms):
        return
    try:
        other = auditwheel_platform(wheel.path, machine_of(computed), libc_of(wheel.libraries))
    except BuildError as error:
        yield Finding(Code.PW025, str(error))
        return
    if other != computed:
        yield Finding(Code.PW025, f"auditwheel says {other}, the files allow {computed}")


def check_purelib(wheel: Wheel) -> Iterator[Finding]:
    """A wheel with libraries is installed into platlib."""
    header = HeaderParser().parsestr(wheel.text("WHEEL")).get("Root-Is-Purelib", "missing")
    if header.strip().lower() != "false":
        yield Finding(Code.PW026, f"Root-Is-Purelib is {header.strip()}")


def _computed(wheel: Wheel) -> str | None:
    """Our own platform tag; None where other checks already say why there is none."""
    try:
        return platform_tag(wheel.libraries)
    except BuildError:
        return None
