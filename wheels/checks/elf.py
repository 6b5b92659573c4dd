"""Checks of the libraries: what they need, where they look, how they are hardened."""

from __future__ import annotations

from collections.abc import Iterator

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.promises import ALLOWED_LIBRARIES


def check_needed(wheel: Wheel) -> Iterator[Finding]:
    """Every needed library is part of each Linux machine, or grafted into the wheel."""
    inside = {library.file_name for library in wheel.libraries}
    for library in wheel.libraries:
        for needed in library.needed:
            if needed not in ALLOWED_LIBRARIES and needed not in inside:
                yield Finding(Code.PW030, f"{library.name} needs {needed}")


def check_run_paths(wheel: Wheel) -> Iterator[Finding]:
    """RPATH and RUNPATH start at $ORIGIN and stay inside the wheel."""
    for library in wheel.libraries:
        depth = library.name.count("/")
        for entry in (entry for value in library.run_paths for entry in value.split(":")):
            parts = entry.split("/")
            if parts[0] not in ("$ORIGIN", "${ORIGIN}") or parts.count("..") > depth:
                yield Finding(Code.PW031, f"{library.name} searches {entry!r}")


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
