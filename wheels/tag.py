"""The platform tag of a wheel, computed from its ELF files and never claimed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditwheel.architecture import Architecture  # type: ignore[import-untyped]
from auditwheel.libc import Libc  # type: ignore[import-untyped]
from auditwheel.policy import Policy, WheelPolicies  # type: ignore[import-untyped]

from scripts.errors import BuildError
from scripts.openvino import version_of
from wheels.elf import ElfFile

_MANYLINUX = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
#: The one musl tag that is computed: musl has no symbol versions that could tell an older one (PEP 656).
_MUSL_POLICY = "musllinux_1_2"


def machine_of(platform: str) -> str:
    """The machine at the end of a platform tag: `manylinux_2_34_x86_64` -> `x86_64`."""
    match = re.fullmatch(
        r"(?:linux|(?:many|musl)linux_\d+_\d+|manylinux1|manylinux2010|manylinux2014)_(\w+)", platform
    )
    return match.group(1) if match else platform


def glibc_of(platform: str) -> tuple[int, int]:
    """The glibc a manylinux tag asks for; (0, 0) for a plain linux tag and for musl's."""
    match = _MANYLINUX.fullmatch(platform)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def libc_asked(platform: str) -> str:
    """The C library a platform tag asks for: `glibc`, `musl`, or empty where it does not say."""
    return {"manylinux": "glibc", "musllinux": "musl"}.get(re.split(r"[\d_]", platform)[0], "")


def libc_of(libraries: Sequence[ElfFile]) -> str:
    """The C library that these need: `glibc` or `musl`; glibc where none says.

    Raises BuildError for both at once: no process has two.
    """
    found = sorted({library.libc for library in libraries} - {""})
    if len(found) > 1:
        raise BuildError(f"a wheel needs libraries for exactly one C library, found {found}")
    return found[0] if found else "glibc"


def policies(machine: str, libc: str = "glibc") -> list[Policy]:
    """The policies of a machine and a C library, the oldest (most widely installable) first."""
    musl = {"musl_policy": _MUSL_POLICY} if libc == "musl" else {}
    try:
        found = WheelPolicies(libc=Libc(libc), arch=Architecture(machine), **musl)
    except (ValueError, AssertionError) as error:
        raise BuildError(f"no {libc} policy knows the machine {machine}; build for one it does") from error
    return sorted((p for p in found if not p.name.startswith("linux")), key=lambda p: glibc_of(p.name))


def blockers(libraries: Sequence[ElfFile], policy: Policy) -> list[str]:
    """What keeps these libraries from a policy: symbol versions too new, libraries it does not promise.

    Plain `libc.so`, as zig links for musl, is one: Alpine's name for it is libc.musl-*.so.1, and auditwheel
    knows only that. scripts/musl_stub.py makes what to link with instead.
    """
    inside = {library.file_name for library in libraries}
    found: set[str] = set()
    for library in libraries:
        for version in library.versions:
            family, _, number = version.partition("_")
            if family in policy.symbol_versions and number not in policy.symbol_versions[family]:
                found.add(version)
        for needed in library.needed:
            # OpenVINO's comes with a package that the metadata pins; PW063 sees to that.
            known = needed in inside or needed in policy.whitelist or version_of(needed)
            if not known and not needed.startswith("ld-linux"):
                found.add(needed)
    return sorted(found)


def platform_tag(libraries: Sequence[ElfFile]) -> str:
    """The oldest manylinux or musllinux tag that all libraries satisfy; plain `linux_*` where none does.

    Raises BuildError for no library at all, or libraries for several machines or C libraries.
    """
    machines = sorted({library.machine for library in libraries})
    if len(machines) != 1:
        raise BuildError(f"a wheel needs libraries for exactly one machine, found {machines or 'none'}")
    for policy in policies(machines[0], libc_of(libraries)):
        if not blockers(libraries, policy):
            return str(policy.name)
    return f"linux_{machines[0]}"
