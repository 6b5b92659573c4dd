"""What differs between two wheels, in words: which members, and from which byte on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path


def first_difference(one: bytes, other: bytes) -> int:
    """Return the offset of the first byte that differs; the shorter length where one begins the other."""
    for offset, pair in enumerate(zip_longest(one, other)):
        if pair[0] != pair[1]:
            return offset
    raise ValueError("the two are equal")


def differences(one: Path, other: Path) -> list[str]:
    """Return a line per difference of two wheels, nothing where they are equal byte for byte."""
    if one.name != other.name:
        return [f"the names differ: {one.name}, {other.name}"]
    if one.read_bytes() == other.read_bytes():
        return []
    with zipfile.ZipFile(one) as left, zipfile.ZipFile(other) as right:
        found = [*_members(left, right), *_headers(left, right)]
    if not found:  # gaps and comments of the archive
        offset = first_difference(one.read_bytes(), other.read_bytes())
        found = [f"the archives differ outside their members, first at byte {offset}"]
    return found


def _members(left: zipfile.ZipFile, right: zipfile.ZipFile) -> Iterator[str]:
    """The files that only one has, and those whose content differs."""
    names, others = set(left.namelist()), set(right.namelist())
    for name in sorted(names ^ others):
        yield f"{name}: only in the {'first' if name in names else 'second'}"
    # RECORD follows from the others: dist-info last.
    for name in sorted(names & others, key=lambda name: (".dist-info/" in name, name)):
        one, other = left.read(name), right.read(name)
        if one != other:
            sizes = f"{len(one)} and {len(other)} bytes"
            yield f"{name}: first differs at byte {first_difference(one, other)} ({sizes})"


def _headers(left: zipfile.ZipFile, right: zipfile.ZipFile) -> Iterator[str]:
    """The order of the members, and what the archive says about each of equal content."""
    common = set(left.namelist()) & set(right.namelist())
    if [n for n in left.namelist() if n in common] != [n for n in right.namelist() if n in common]:
        yield "the members stand in another order"
    for name in sorted(common):
        one, other = left.getinfo(name), right.getinfo(name)
        for fact in ("date_time", "external_attr", "create_system", "compress_type"):
            if getattr(one, fact) != getattr(other, fact):
                yield f"{name}: {fact} is {getattr(one, fact)} and {getattr(other, fact)}"
