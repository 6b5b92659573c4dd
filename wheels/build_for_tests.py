"""Builds what the test suite runs on: the wheel of each build path, as `build/test-wheels/<backend>/`."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.command import entry_point
from scripts.pins import BUILD
from wheels.build import build
from wheels.request import BACKENDS, parse

FOLDER = BUILD / "test-wheels"


def main(argv: Sequence[str]) -> None:
    """Build both wheels; each folder then holds one wheel and no stale one."""
    for backend in BACKENDS:
        folder = FOLDER / backend
        wheel = build(parse(["--backend", backend, *argv], folder))
        for stale in set(folder.glob("*.whl")) - {wheel}:
            stale.unlink()
        print(wheel, flush=True)


if __name__ == "__main__":
    entry_point(main)
