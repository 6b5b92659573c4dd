"""Hashes a tree of files by content, whatever archive it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def _files(root: Path, paths: Iterable[str]) -> Iterator[Path]:
    for path in paths:
        start = root / path
        yield from (p for p in start.rglob("*") if p.is_file()) if start.is_dir() else [start]


def tree_sha256(root: Path, paths: Iterable[str]) -> str:
    """Return the sha256 over `sha256(content)  relative/path` lines, sorted by path.

    Names and contents count; times, owners and modes do not (archives disagree on those).
    A path that is not there raises FileNotFoundError.
    """
    lines = []
    for file in _files(root, paths):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append((file.relative_to(root).as_posix(), digest))
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()
