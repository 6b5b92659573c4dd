"""Which code is running here, and why: the facts of this build and the CPU that it needs."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from pywhispercpp import _cpu


@dataclass(frozen=True)
class BuildInfo:
    """The facts of one build, compiled into the wheel.

    Attributes:
        profile: the ISA profile it was built with (`native`, `x86-64-v3`, `pi5`, …).
        features: the ISA features compiled in, and therefore needed from the CPU.
        compiler: name and version of the compiler.
        flags: the compiler flags of the profile.
        whisper_cpp_version: the version of whisper.cpp inside.
        ggml_version: the version of ggml inside.
        backend: the build path, `bazel` or `cmake`.
        git_state: `git describe` of the checkout it was built from, `-dirty` where it had changes.
    """

    profile: str
    features: tuple[str, ...]
    compiler: str
    flags: tuple[str, ...]
    whisper_cpp_version: str
    ggml_version: str
    backend: str
    git_state: str


def build_info() -> BuildInfo:
    """Return the facts of this build (source: the compiler's own macros and the build's settings)."""
    facts = _cpu.build_info()
    del facts["variants"]
    flags = tuple(facts.pop("flags").split())
    facts["compiler"] = facts["compiler"].strip()  # clang's version may end in a space
    return BuildInfo(features=tuple(_cpu.required()), flags=flags, **facts)


def missing_features() -> list[str]:
    """Return the ISA features that this build needs and the running CPU does not have."""
    supported = set(_cpu.supported())
    return [feature for feature in _cpu.required() if feature not in supported]


def require_cpu() -> None:
    """Raise ImportError where the running CPU lacks what this build needs, instead of dying of SIGILL."""
    missing = missing_features()
    if missing:
        info = build_info()
        raise ImportError(
            f"this pywhispercpp was built for the profile {info.profile!r}, and this CPU lacks "
            f"{', '.join(missing)}; install a wheel for this CPU, or build one here from a checkout: "
            f"nox -s build_wheel -- --profile {_runnable_profile()}"
        )


def _runnable_profile() -> str:
    """Name the best profile that the running CPU can run; `native` where no named one fits."""
    supported = set(_cpu.supported())
    if {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"} <= supported:
        return "x86-64-v3"
    if {"sse4.2", "ssse3", "popcnt"} <= supported:
        return "x86-64-v2"
    if {"neon", "fp16", "dotprod"} <= supported:
        return "pi5"
    if "neon" in supported:
        # Not platform.machine(): a 32-bit system may run on a 64-bit kernel.
        return "armv8-a" if sys.maxsize > 2**32 else "armv7-a"
    return "native"
