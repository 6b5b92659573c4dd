"""Checks of the files: nothing from the build, nothing missing, nothing astray."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.promises import (
    BUILD_PATHS,
    FORBIDDEN_FOLDERS,
    FORBIDDEN_NAMES,
    FORBIDDEN_SUFFIXES,
    PACKAGE,
    REQUIRED_FILES,
)

_CHECKOUT = Path(__file__).resolve().parents[2]


def check_leftovers(wheel: Wheel) -> Iterator[Finding]:
    """No sources, objects, static libraries or caches."""
    for name in sorted(wheel.members):
        path = PurePosixPath(name)
        folders = set(path.parts[:-1]) & set(FORBIDDEN_FOLDERS)
        if folders or path.name in FORBIDDEN_NAMES or path.suffix.lower() in FORBIDDEN_SUFFIXES:
            yield Finding(Code.PW040, name)


def check_build_paths(wheel: Wheel) -> Iterator[Finding]:
    """No file, binary or text, tells where it was built; one finding per file, with the first path."""
    for name, place in build_paths(wheel.members, BUILD_PATHS):
        yield Finding(Code.PW041, f"{name} holds {place!r}")


def build_paths(members: Mapping[str, bytes], places: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    """Yield each file that holds one of `places` (patterns) or one of this machine, with what it holds."""
    own = [re.escape(str(place).encode()) + rb"(?![A-Za-z0-9_-])" for place in _own_places()]
    pattern = re.compile(b"(?:" + b"|".join([*places, *own]) + rb")[^\x00-\x20\"'<>|]{0,60}")
    for name, data in sorted(members.items()):
        found = pattern.search(data)
        if found:
            yield name, found.group().decode("utf-8", "replace")


def _own_places() -> list[Path]:
    """The checkout and the home folder of the machine that checks, unless too short to mean anything."""
    return [place for place in (_CHECKOUT, Path.home()) if len(place.parts) > 2]


def check_required(wheel: Wheel) -> Iterator[Finding]:
    """Every promised file is there and not left out of one of the build paths."""
    for promise in REQUIRED_FILES:
        pattern = promise.format(dist_info=wheel.dist_info)
        if not any(fnmatchcase(name, pattern) for name in wheel.members):
            yield Finding(Code.PW042, pattern)


def check_top_level(wheel: Wheel) -> Iterator[Finding]:
    """Everything lies in the package, in its grafted libraries, or in dist-info."""
    allowed = {PACKAGE, f"{PACKAGE}.libs", wheel.dist_info}
    for name in sorted(wheel.members):
        if "/" not in name or name.split("/")[0] not in allowed:
            yield Finding(Code.PW043, name)
