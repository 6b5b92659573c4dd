"""Checks of RECORD: complete, nothing made up, every hash and size true."""

from __future__ import annotations

from collections.abc import Iterator

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.record import Entry, digest, parse

# PEP 427: signatures are made after RECORD, so they stand outside it.
_UNRECORDED = ("RECORD.jws", "RECORD.p7s")


def check_record(wheel: Wheel) -> Iterator[Finding]:
    """RECORD exists, lists exactly the files of the wheel, and tells the truth about each."""
    name = f"{wheel.dist_info}/RECORD"
    if name not in wheel.members:
        yield Finding(Code.PW010, f"{name} is not there")
        return
    try:
        entries = {entry.path: entry for entry in parse(wheel.members[name])}
    except ValueError as error:
        yield Finding(Code.PW010, f"{name}: {error}")
        return
    free = {name, *(f"{wheel.dist_info}/{extra}" for extra in _UNRECORDED)}
    for path in sorted(set(wheel.members) - set(entries) - free):
        yield Finding(Code.PW011, path)
    for path in sorted(set(entries) - set(wheel.members)):
        yield Finding(Code.PW012, path)
    for path in sorted(set(entries) & set(wheel.members) - free):
        yield from _compare(entries[path], wheel.members[path])


def _compare(entry: Entry, data: bytes) -> Iterator[Finding]:
    """The hash and the size of one file against its line."""
    if entry.hash != digest(data):
        yield Finding(Code.PW013, f"{entry.path} has {digest(data)}, RECORD says {entry.hash or 'nothing'}")
    elif entry.size != str(len(data)):
        yield Finding(
            Code.PW013, f"{entry.path} has {len(data)} bytes, RECORD says {entry.size or 'nothing'}"
        )
