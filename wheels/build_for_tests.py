"""Builds what the test suite runs on: the wheel of each build path, as `build/test-wheels/<backend>/`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.pins import BUILD
from wheels.build import build
from wheels.request import BACKENDS, parse

FOLDER = BUILD / "test-wheels"


def folder_of(backend: str) -> Path:
    """Return the folder that holds the one wheel of a build path."""
    return FOLDER / backend


def main(argv: Sequence[str]) -> None:
    """Build both wheels; a `<backend>.txt` beside each folder names the file."""
    for backend in BACKENDS:
        folder = folder_of(backend)
        wheel = build(parse(["--backend", backend, *argv], folder))
        for stale in set(folder.glob("*.whl")) - {wheel}:
            stale.unlink()
        (FOLDER / f"{backend}.txt").write_text(f"{wheel}\n", encoding="utf-8")
        print(wheel, flush=True)


if __name__ == "__main__":
    entry_point(main)
