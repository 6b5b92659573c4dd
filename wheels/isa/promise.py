"""What each library of a wheel may ask of a CPU: nothing, its variant's features, or its profile's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.utils import parse_wheel_filename

from scripts.errors import BuildError
from toolchains.profiles import PORTABLE, PROFILES, VARIANTS
from wheels.archive import Wheel
from wheels.elf import ElfFile
from wheels.promises import OPENVINO_BUILD
from wheels.variants import variant_of

_ROOT = Path(__file__).resolve().parents[2]

#: What a CPU with one feature always has too, though no list says so.
IMPLIED = {
    # Core 2, Atom and Bobcat were the first with SSSE3; all 64-bit CPUs since then have both.
    "ssse3": ("cx16", "sahf"),
    # Who saves the wide registers of a thread is asked with these.
    "avx": ("xsave",),
}


@dataclass(frozen=True)
class Promise:
    """The features that a library may use, and in one word which CPUs those are."""

    label: str
    features: frozenset[str]


def promise_for(wheel: Wheel, library: ElfFile) -> Promise:
    """The promise of one library; BuildError where nothing says what it may use."""
    if variant := variant_of(library.name):
        return _variant(library.machine, variant)
    profile = _profile(wheel)
    if library.file_name.startswith("_cpu.") or profile == PORTABLE:
        return Promise("every CPU", frozenset())
    features = PROFILES[profile]["features"]
    # What the compiler took from its own CPU is unknown here, but the guard has to ask for all of it.
    return Promise(profile, _with_implied(guarded(library.machine) if features is None else features))


def _variant(machine: str, name: str) -> Promise:
    known = VARIANTS.get(machine, {})
    if name not in known:
        raise BuildError(f"no CPU variant {name!r} of {machine} is in toolchains/profiles.bzl: {list(known)}")
    return Promise(name, _with_implied(known[name]["features"]))


def _profile(wheel: Wheel) -> str:
    """The profile that a wheel carries as its build tag, such as 1pi4; one without is for every CPU."""
    build = parse_wheel_filename(wheel.path.name)[2]
    profiles = {re.sub(r"\W", "_", name): name for name in PROFILES}
    tag = build[1].removesuffix(OPENVINO_BUILD) if build else PORTABLE
    if tag not in profiles:
        raise BuildError(f"the build tag {tag!r} is no profile of toolchains/profiles.bzl: {list(profiles)}")
    return profiles[tag]


def _with_implied(features: list[str]) -> frozenset[str]:
    return frozenset(features).union(*(IMPLIED.get(feature, ()) for feature in features))


@cache
def guarded(machine: str) -> list[str]:
    """The features that the guard (csrc/cpu.c) asks a CPU of this machine for."""
    text = (_ROOT / "pywhispercpp" / "csrc" / "isa_features.h").read_text(encoding="utf-8")
    macro = {"armv7l": "arm"}.get(machine, machine)
    block = re.search(rf"defined\(__{macro}__\)(.*?)\n#el", text, re.DOTALL)
    return re.findall(r'X\("([^"]+)"', block[1]) if block else []
