"""Reads the ISA profiles (profiles.bzl) and answers for one machine."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from toolchains.literals import read_literals

_DATA = read_literals(Path(__file__).with_name("profiles.bzl"))
PROFILES: dict[str, dict[str, Any]] = _DATA["PROFILES"]
BASELINE: dict[str, list[str]] = _DATA["BASELINE"]


def machine() -> str:
    """Return the architecture under the name the profiles use (x86_64 or aarch64)."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def names_for(arch: str) -> list[str]:
    """Return the profiles that exist for an architecture."""
    return [name for name, profile in PROFILES.items() if arch in profile["flags"]]


def flags(profile: str, arch: str) -> list[str]:
    """Return the compiler flags of a profile; BuildError lists the known ones for an unknown one."""
    known = names_for(arch)
    if profile not in known:
        reason = "is for another machine" if profile in PROFILES else "is unknown"
        listing = "\n".join(f"  {name:10} {PROFILES[name]['what']}" for name in known)
        raise BuildError(f"profile {profile!r} {reason}; for {arch} there are:\n{listing}")
    result: list[str] = PROFILES[profile]["flags"][arch]
    return result
