"""What a finished wheel says about its own making, read from its files and never from what was asked for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from wheels.archive import Wheel, load
from wheels.elf import is_library
from wheels.matrix import kept


def compilers(data: bytes) -> set[str]:
    """The compilers and linkers that left their names in an ELF file's `.comment`."""
    try:
        section = ELFFile(BytesIO(data)).get_section_by_name(".comment")
    except ELFError:
        return set()
    texts = section.data().split(b"\0") if section else []
    return {text.decode("utf-8", "replace").strip() for text in texts if text.strip()}


def _generator(wheel: Wheel) -> str:
    """The program that packed the wheel: it tells which build path was taken."""
    lines = wheel.text("WHEEL").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Generator:")), "")


def says(path: Path, git_state: str) -> bool:
    """Whether a wheel carries this git state in its `build_info()`, which is compiled in."""
    word = git_state.encode() + b"\0"
    return any(word in data for name, data in load(path).members.items() if is_library(name, data))


def facts(path: Path) -> dict[str, Any]:
    """How a wheel was made, for the provenance: Python, target, profile, compilers, packer."""
    wheel, promise = load(path), kept(path.name)
    found = [compilers(data) for name, data in wheel.members.items() if is_library(name, data)]
    made = {"packer": _generator(wheel), "compilers": sorted(set().union(*found))}
    if promise is None:
        return made
    return {"python": promise.python, "target": promise.target, "profile": promise.profile, **made}
