"""RECORD, a wheel's own list of its files with their hashes."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One line of RECORD; hash and size are text as they stand there, empty where not given."""

    path: str
    hash: str
    size: str


def digest(data: bytes) -> str:
    """The hash of a file as RECORD writes it: sha256, URL-safe base64 without padding."""
    value = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + value.rstrip(b"=").decode()


def parse(data: bytes) -> list[Entry]:
    """Read RECORD; raises ValueError for a line that has not three fields, or is not UTF-8."""
    entries = []
    for number, row in enumerate(csv.reader(io.StringIO(data.decode("utf-8"))), 1):
        if len(row) != 3:
            raise ValueError(f"line {number} has {len(row)} fields, not 3")
        entries.append(Entry(*row))
    return entries


def render(members: Mapping[str, bytes], record_name: str) -> bytes:
    """Write RECORD for these files, sorted; RECORD itself is listed without a hash."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name in sorted(members):
        if name != record_name:
            writer.writerow((name, digest(members[name]), str(len(members[name]))))
    writer.writerow((record_name, "", ""))
    return out.getvalue().encode("utf-8")
