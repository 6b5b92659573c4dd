"""Builds what the test suite runs on: a wheel by each build path, and a portable, in build/test-wheels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.pins import BUILD
from wheels.build import build
from wheels.request import parse

FOLDER = BUILD / "test-wheels"
#: Folder -> what is built into it.
WHEELS = {
    "bazel": ["--backend", "bazel"],
    "cmake": ["--backend", "cmake"],
    "portable": ["--backend", "bazel", "--profile", "portable"],
}


def make(name: str, argv: Sequence[str] = ()) -> Path:
    """Build one of them, or find it built; its folder then holds this wheel and no stale one."""
    folder = FOLDER / name
    wheel = build(parse([*WHEELS[name], *argv], folder))
    for stale in set(folder.glob("*.whl")) - {wheel}:
        stale.unlink()
    return wheel


def main(argv: Sequence[str]) -> None:
    """Build the wheels."""
    for name in WHEELS:
        print(make(name, argv), flush=True)


if __name__ == "__main__":
    entry_point(main)
