"""Reads the ISA profiles and CPU variants (profiles.bzl) and answers for one architecture and compiler."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from toolchains.literals import read_literals


def _whole(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the entries with the features of those that they are like, which stand before them."""
    whole: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        inherited = whole[entry["like"]]["features"] if "like" in entry else []
        features = entry["features"] if entry["features"] is None else inherited + entry["features"]
        whole[name] = {**entry, "features": features}
    return whole


_DATA = read_literals(Path(__file__).with_name("profiles.bzl"))
PROFILES: dict[str, dict[str, Any]] = _whole(_DATA["PROFILES"])
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {a: _whole(v) for a, v in _DATA["VARIANTS"].items()}
BASELINE: dict[str, dict[str, list[str]]] = _DATA["BASELINE"]
PORTABLE = "portable"


def machine() -> str:
    """Return the architecture under the name the profiles use (x86_64, aarch64 or armv7l)."""
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def names_for(arch: str) -> list[str]:
    """Return the profiles that exist for an architecture."""
    return [name for name, profile in PROFILES.items() if arch in profile["archs"]]


def require(profile: str, arch: str) -> None:
    """Raise BuildError with the list of the known ones for a profile that an architecture does not have."""
    known = names_for(arch)
    if profile not in known:
        reason = "is for another machine" if profile in PROFILES else "is unknown"
        listing = "\n".join(f"  {name:10} {PROFILES[name]['what']}" for name in known)
        raise BuildError(f"profile {profile!r} {reason}; for {arch} there are:\n{listing}")


def _flags(entry: dict[str, Any], arch: str, compiler: str) -> list[str] | None:
    """Return the flags of a profile or variant; None where the compiler has none (as flags.bzl does)."""
    if arch not in entry["flags"]:
        return BASELINE[arch][compiler] + ["-m" + feature for feature in entry["features"]]
    spelled: list[str] | None = entry["flags"][arch].get(compiler)
    return spelled


def flags(profile: str, arch: str, compiler: str = "gcc") -> list[str]:
    """Return the compiler flags of a profile; BuildError lists the known ones for an unknown one."""
    require(profile, arch)
    found = _flags(PROFILES[profile], arch, compiler)
    assert found is not None  # a profile is spelt for every compiler; tests/toolchains/test_profiles.py
    return found


def variants(profile: str, arch: str, compiler: str) -> dict[str, list[str]]:
    """Return CPU variant -> compiler flags, worst first, of a wheel; none unless it is the portable one."""
    if profile != PORTABLE:
        return {}
    found = {name: _flags(entry, arch, compiler) for name, entry in VARIANTS[arch].items()}
    return {name: flags for name, flags in found.items() if flags is not None}
