"""Reads what a wheel can be built for (targets.bzl) and answers for one target."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from toolchains.literals import read_literals
from toolchains.profiles import machine

_DATA = read_literals(Path(__file__).with_name("targets.bzl"))
TARGETS: dict[str, dict[str, Any]] = _DATA["TARGETS"]
GNU_EVERYWHERE: list[str] = _DATA["GNU_EVERYWHERE"]
COMPILERS = ("gcc", "zig")


def host() -> str:
    """Return the target that this machine is; a name that is none of them for any other machine."""
    glibc = platform.libc_ver()[0] == "glibc"
    return machine() if glibc else f"{machine()}-musl"


def find(name: str) -> dict[str, Any]:
    """Return the data of a target; BuildError lists the known ones for an unknown one."""
    if name not in TARGETS:
        raise BuildError(
            f"target {name!r} is unknown; there are: {', '.join(TARGETS)} (toolchains/targets.bzl)"
        )
    return TARGETS[name]
