"""Which files of the whisper.cpp tree a build reads: its sources for every architecture, and their headers.

An sdist carries these and no others. The sources come from sources.bzl; the headers are found by following
`#include` through both branches of every `#if`, so that what one compiler asks for is in for all of them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from toolchains.literals import read_literals

SOURCES = read_literals(Path(__file__).with_name("sources.bzl"))
CSRC = Path(__file__).resolve().parent.parent / "pywhispercpp" / "csrc"

LICENCES = ("LICENSE",)

_SUFFIXES = (".c", ".cc", ".cpp", ".S")
_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include\b[ \t]*(.*)$", re.MULTILINE)


def _sources(data: Any) -> Iterator[str]:  # noqa: ANN401
    """Every name of a source file in a piece of sources.bzl, however deep it stands."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, (list, tuple)):
        for value in data:
            yield from _sources(value)
    elif isinstance(data, str) and data.endswith(_SUFFIXES):
        yield data


def sources() -> list[str]:
    """Return the compiled files of the tree, those of all architectures; EXTENSIONS lists our own."""
    listed = _sources([value for name, value in SOURCES.items() if name != "EXTENSIONS"])
    return sorted(set(listed))


def _operands(file: Path) -> list[str]:
    """What stands after each `#include` of a file."""
    return [found[1].decode("utf-8").strip() for found in _INCLUDE.finditer(file.read_bytes())]


def _places(operand: str, file: str, beside: str | None = None) -> Iterator[str]:
    """Where the compiler may find it: in the folder `beside` when quoted, and on the include path."""
    name = re.match(r'"([^"]+)"|<([^>]+)>', operand)
    if name is None:
        raise BuildError(f"{file} includes {operand!r}, which toolchains/subset.py cannot follow")
    folders = [beside] if name[1] and beside is not None else []
    for folder in [*folders, *SOURCES["INCLUDES"]]:
        yield posixpath.normpath(posixpath.join(folder, name[1] or name[2]))


def _within(tree: Path, places: Iterable[str]) -> set[str]:
    """The places that the tree has a file at; all of them, not only the first."""
    return {place for place in places if not place.startswith("..") and (tree / place).is_file()}


def _included(tree: Path, name: str) -> set[str]:
    """The files of the tree that one of its files includes."""
    beside = posixpath.dirname(name)
    return _within(tree, (place for it in _operands(tree / name) for place in _places(it, name, beside)))


def _included_by_us(tree: Path) -> set[str]:
    """The headers of the tree that the extension modules include."""
    files = [file for pattern in ("*.c", "*.cpp", "*.h") for file in CSRC.glob(pattern)]
    return _within(tree, (place for f in files for it in _operands(f) for place in _places(it, str(f))))


def needed(tree: Path) -> list[str]:
    """Return the relative names of what is compiled from `tree`, what that includes, and the licence.

    A source that is not there raises BuildError.
    """
    found: set[str] = set()
    waiting = {*sources(), *LICENCES}
    missing = sorted(name for name in waiting if not (tree / name).is_file())
    if missing:
        raise BuildError(f"{tree} has no {', '.join(missing)}; run: nox -s fetch")
    waiting |= _included_by_us(tree)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= _included(tree, name) - found
    return sorted(found)
