"""SHA256SUMS: the hashes of the files of a folder, as `sha256sum -c` reads them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.errors import BuildError

NAME = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\s]+)")


def sha256(file: Path) -> str:
    """The hash of a file, in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def render(files: Iterable[Path]) -> str:
    """The text of SHA256SUMS: a line for each file, sorted by name."""
    return "".join(f"{sha256(file)}  {file.name}\n" for file in sorted(files, key=lambda file: file.name))


def read(folder: Path) -> dict[str, str]:
    """File name -> hash, as the SHA256SUMS of a folder says; BuildError where it is missing or damaged."""
    file = folder / NAME
    if not file.is_file():
        raise BuildError(f"{file} is missing: the folder holds no finished release; run: nox -s release")
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match.group(2) in found:
            raise BuildError(f"{file}:{number}: not a hash and a new file name: {line!r}; fetch it again")
        found[match.group(2)] = match.group(1)
    return found


def problems(folder: Path) -> list[str]:
    """What does not fit between the SHA256SUMS of a folder and its files, a line each."""
    return [line for name, wanted in read(folder).items() if (line := _problem(folder / name, wanted))]


def _problem(file: Path, wanted: str) -> str:
    """What is wrong with one file; empty where nothing is."""
    if not file.is_file():
        return f"{file.name}: is in {NAME} and not in the folder; fetch it again"
    got = sha256(file)
    return "" if got == wanted else f"{file.name}: sha256 {got}, {NAME} says {wanted}; do not use it"
