"""Prints the shared build data as CMake commands: `python -m toolchains.emit_cmake PROFILE ARCH`.

CMakeLists.txt runs this and evaluates what it prints; it is how CMake reads the `.bzl` data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.command import entry_point
from scripts.pins import WHISPER_CPP
from toolchains.literals import read_literals
from toolchains.profiles import BASELINE, flags

SOURCES: dict[str, Any] = read_literals(Path(__file__).with_name("sources.bzl"))


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace(";", "\\;") + '"'


def _set(name: str, values: Sequence[str]) -> str:
    return f"set({name} {' '.join(map(_quoted, values))})"


def _defines(defines: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in defines.items()]


def lines(profile: str, arch: str) -> Iterator[str]:
    """Yield one `set()` a list: flags, then sources, defines and dependencies of every target."""
    yield _set("PROFILE_FLAGS", flags(profile, arch))
    yield _set("BASELINE_FLAGS", BASELINE[arch])
    for name in ("COPTS", "THIRD_PARTY_COPTS", "LINKOPTS", "LINKLIBS", "INCLUDES"):
        yield _set(name, SOURCES[name])
    yield _set("VERSION_SCRIPT", [SOURCES["VERSION_SCRIPT"]])
    yield _set("C_STANDARD_FLAG", [SOURCES["C_STANDARD"]])
    yield _set("CXX_STANDARD_FLAG", [SOURCES["CXX_STANDARD"]])
    yield _set("WHISPER_CPP_VERSION", [WHISPER_CPP["version"]])
    yield _set("GGML_VERSION", [WHISPER_CPP["ggml_version"]])
    yield _set("LIBRARIES", list(SOURCES["LIBRARIES"]))
    for name, library in SOURCES["LIBRARIES"].items():
        yield _set(f"{name}_SRCS", library["srcs"] + library["arch_srcs"].get(arch, []))
        yield _set(f"{name}_DEFINES", _defines({**SOURCES["COMMON_DEFINES"], **library["defines"]}))
        yield _set(f"{name}_DEPS", library["deps"])
    for name, extension in SOURCES["EXTENSIONS"].items():
        yield _set(f"{name}_SRCS", extension["srcs"])
        yield _set(f"{name}_BASELINE_SRCS", extension["baseline_srcs"])


def main(argv: Sequence[str]) -> None:
    """Print the CMake commands for a profile and an architecture."""
    profile, arch = argv
    print("\n".join(lines(profile, arch)))


if __name__ == "__main__":
    entry_point(main)
