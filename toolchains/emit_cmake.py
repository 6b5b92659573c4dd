"""Prints the shared build data as CMake commands: `python -m toolchains.emit_cmake PROFILE TARGET COMPILER`.

CMakeLists.txt runs this and evaluates what it prints; it is how CMake reads the `.bzl` data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.command import entry_point
from scripts.pins import WHISPER_CPP
from toolchains.literals import read_literals
from toolchains.profiles import BASELINE, VARIANTS, flags, variants
from toolchains.targets import find

SOURCES: dict[str, Any] = read_literals(Path(__file__).with_name("sources.bzl"))


_OPENVINO = ("OPENVINO_LINKED_DEFINE", "OPENVINO_RUN_PATH")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace(";", "\\;") + '"'


def _set(name: str, values: Sequence[str]) -> str:
    return f"set({name} {' '.join(map(_quoted, values))})"


def _defines(defines: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in defines.items()]


def lines(profile: str, target: str, compiler: str) -> Iterator[str]:
    """Yield one `set()` a list: flags, then sources, defines and dependencies of every target."""
    arch = find(target)["arch"]
    yield _set("PROFILE_FLAGS", flags(profile, arch, compiler))
    yield _set("BASELINE_FLAGS", BASELINE[arch][compiler])
    yield from _variant_lines(profile, arch, compiler)
    for name in ("COPTS", "THIRD_PARTY_COPTS", "LINKLIBS", "INCLUDES"):
        yield _set(name, SOURCES[name])
    yield _set("LINKOPTS", SOURCES["LINKERS"][compiler] + SOURCES["LINKOPTS"])
    for name in ("VERSION_SCRIPT", "LIBRARY_VERSION_SCRIPT", "BASE_LIBRARY", *_OPENVINO):
        yield _set(name, [SOURCES[name]])
    yield _set("C_STANDARD_FLAG", [SOURCES["C_STANDARD"]])
    yield _set("CXX_STANDARD_FLAG", [SOURCES["CXX_STANDARD"]])
    yield _set("WHISPER_CPP_VERSION", [WHISPER_CPP["version"]])
    yield _set("GGML_VERSION", [WHISPER_CPP["ggml_version"]])
    yield from _library_lines(arch)
    for name, extension in SOURCES["EXTENSIONS"].items():
        yield _set(f"{name}_SRCS", extension["srcs"])
        yield _set(f"{name}_BASELINE_SRCS", extension["baseline_srcs"])


def _variant_lines(profile: str, arch: str, compiler: str) -> Iterator[str]:
    """The CPU variants of a portable wheel: names, flags and files, and what build_info.h says of them."""
    found = variants(profile, arch, compiler)
    yield _set("CPU_VARIANTS", list(found))
    for name, variant_flags in found.items():
        yield _set(f"{name}_FLAGS", variant_flags)
        yield _set(f"{name}_LIBRARY", [SOURCES["VARIANT_LIBRARY"] % name])
    best_first = [" ".join([name, *VARIANTS[arch][name]["features"]]) for name in reversed(list(found))]
    yield _set("VARIANTS", ["|".join(best_first)])


def _library_lines(arch: str) -> Iterator[str]:
    yield _set("LIBRARIES", list(SOURCES["LIBRARIES"]))
    for name, library in SOURCES["LIBRARIES"].items():
        yield _set(f"{name}_SRCS", library["srcs"] + library["arch_srcs"].get(arch, []))
        yield _set(f"{name}_DEFINES", _defines({**SOURCES["COMMON_DEFINES"], **library["defines"]}))
        portable = _defines({**SOURCES["COMMON_DEFINES"], **library["portable_defines"]})
        yield _set(f"{name}_PORTABLE_DEFINES", portable)
        yield _set(f"{name}_DEPS", library["deps"])


def main(argv: Sequence[str]) -> None:
    """Print the CMake commands for a profile, a target and a compiler."""
    profile, target, compiler = argv
    print("\n".join(lines(profile, target, compiler)))


if __name__ == "__main__":
    entry_point(main)
