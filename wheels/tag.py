"""The platform tag of a wheel, computed from its ELF files and never claimed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditwheel.architecture import Architecture  # type: ignore[import-untyped]
from auditwheel.libc import Libc  # type: ignore[import-untyped]
from auditwheel.policy import Policy, WheelPolicies  # type: ignore[import-untyped]

from scripts.errors import BuildError
from wheels.elf import ElfFile

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")


def machine_of(platform: str) -> str:
    """The machine at the end of a platform tag: `manylinux_2_34_x86_64` -> `x86_64`."""
    match = re.fullmatch(
        r"(?:linux|manylinux_\d+_\d+|manylinux1|manylinux2010|manylinux2014)_(\w+)", platform
    )
    return match.group(1) if match else platform


def glibc_of(platform: str) -> tuple[int, int]:
    """The glibc a manylinux tag asks for; (0, 0) for a plain linux tag."""
    match = _MANYLINUX.fullmatch(platform)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def policies(machine: str) -> list[Policy]:
    """The manylinux policies of a machine, the oldest (most widely installable) first."""
    try:
        found = WheelPolicies(libc=Libc.GLIBC, arch=Architecture(machine))
    except ValueError as error:
        raise BuildError(f"no manylinux policy knows the machine {machine}; build for one it does") from error
    return sorted((p for p in found if not p.name.startswith("linux")), key=lambda p: glibc_of(p.name))


def blockers(libraries: Sequence[ElfFile], policy: Policy) -> list[str]:
    """What keeps these libraries from a policy: symbol versions too new, libraries it does not promise."""
    inside = {library.file_name for library in libraries}
    found: set[str] = set()
    for library in libraries:
        for version in library.versions:
            family, _, number = version.partition("_")
            if family in policy.symbol_versions and number not in policy.symbol_versions[family]:
                found.add(version)
        for needed in library.needed:
            if needed not in inside and needed not in policy.whitelist and not needed.startswith("ld-linux"):
                found.add(needed)
    return sorted(found)


def platform_tag(libraries: Sequence[ElfFile]) -> str:
    """The oldest manylinux tag that all libraries satisfy; plain `linux_*` where none does.

    Raises BuildError for no library at all, or libraries for several machines.
    """
    machines = sorted({library.machine for library in libraries})
    if len(machines) != 1:
        raise BuildError(f"a wheel needs libraries for exactly one machine, found {machines or 'none'}")
    for policy in policies(machines[0]):
        if not blockers(libraries, policy):
            return str(policy.name)
    return f"linux_{machines[0]}"
