"""Checks of the licences: the text of every part inside, each declared in METADATA (PEP 639)."""

from __future__ import annotations

from collections.abc import Iterator
from email.parser import HeaderParser
from fnmatch import fnmatchcase

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.promises import LICENCES


def licence_files(wheel: Wheel) -> dict[str, str]:
    """Path below dist-info/licenses -> text."""
    folder = f"{wheel.dist_info}/licenses/"
    return {
        name[len(folder) :]: data.decode("utf-8", "replace")
        for name, data in wheel.members.items()
        if name.startswith(folder)
    }


def check_texts(wheel: Wheel) -> Iterator[Finding]:
    """Each part that is compiled in has its licence text, recognised by path and by words."""
    files = licence_files(wheel)
    for licence in LICENCES:
        if not any(fnmatchcase(path, licence.path) and licence.phrase in files[path] for path in files):
            yield Finding(Code.PW050, f"{licence.part}: no licenses/{licence.path} with {licence.phrase!r}")


def check_declared(wheel: Wheel) -> Iterator[Finding]:
    """The License-File lines name the licence files, all of them and nothing else."""
    declared = set(HeaderParser().parsestr(wheel.text("METADATA")).get_all("License-File", []))
    present = set(licence_files(wheel))
    for path in sorted(present - declared):
        yield Finding(Code.PW051, f"licenses/{path} is not declared")
    for path in sorted(declared - present):
        yield Finding(Code.PW051, f"licenses/{path} is declared and not there")
