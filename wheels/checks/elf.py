"""Checks of the libraries: what they need, where they look, how they are hardened."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join, normpath

from scripts.openvino import version_of
from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.elf import ElfFile
from wheels.openvino import needs_openvino
from wheels.promises import ALLOWED_LIBRARIES, OPENVINO_RUN_PATH, PACKAGE


def check_needed(wheel: Wheel) -> Iterator[Finding]:
    """Every needed library is part of each Linux machine, grafted into the wheel, or the OpenVINO it pins."""
    inside = {library.file_name for library in wheel.libraries}
    for library in wheel.libraries:
        for needed in library.needed:
            allowed = needed in ALLOWED_LIBRARIES or needed in inside or version_of(needed)
            if not allowed:
                yield Finding(Code.PW030, f"{library.name} needs {needed}")


def check_run_paths(wheel: Wheel) -> Iterator[Finding]:
    """RPATH and RUNPATH start at $ORIGIN and stay inside the wheel, but for the OpenVINO that is linked."""
    for library in wheel.libraries:
        entries = [entry for value in library.run_paths for entry in value.split(":")]
        linked = needs_openvino(library)
        for entry in entries:
            if not _is_inside(library, entry) and not (linked and entry == OPENVINO_RUN_PATH):
                yield Finding(Code.PW031, f"{library.name} searches {entry!r}")
        if linked and OPENVINO_RUN_PATH not in entries:
            yield Finding(Code.PW039, f"{library.name} does not search {OPENVINO_RUN_PATH!r}")


def _is_inside(library: ElfFile, entry: str) -> bool:
    """Whether a run path leads into the package or its grafted libraries."""
    origin, _, rest = entry.partition("/")
    if origin not in ("$ORIGIN", "${ORIGIN}"):
        return False
    place = normpath(join(dirname(library.name), rest))
    return place.split("/")[0] in (PACKAGE, f"{PACKAGE}.libs")


def check_stripped(wheel: Wheel) -> Iterator[Finding]:
    """No debug information and no full symbol table are shipped."""
    for library in wheel.libraries:
        extra = sorted(s for s in library.sections if s == ".symtab" or s.startswith((".debug_", ".zdebug_")))
        if extra:
            yield Finding(Code.PW032, f"{library.name} has {', '.join(extra)}")


def check_stack(wheel: Wheel) -> Iterator[Finding]:
    """No library makes the stack of the whole process executable."""
    for library in wheel.libraries:
        if library.executable_stack:
            yield Finding(Code.PW033, library.name)


def check_relro(wheel: Wheel) -> Iterator[Finding]:
    """Relocations become read-only after loading."""
    for library in wheel.libraries:
        if not library.relro:
            yield Finding(Code.PW034, library.name)


def check_readable(wheel: Wheel) -> Iterator[Finding]:
    """Whatever is called a library is one."""
    for error in wheel.broken_libraries:
        yield Finding(Code.PW035, str(error))
