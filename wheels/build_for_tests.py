"""Builds what the test suite runs on: the wheel of each build path and a portable one, in `build/test-wheels/`."""

from __future__ import annotations

from collections.abc import Sequence

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


def main(argv: Sequence[str]) -> None:
    """Build the wheels; each folder then holds one wheel and no stale one."""
    for name, options in WHEELS.items():
        folder = FOLDER / name
        wheel = build(parse([*options, *argv], folder))
        for stale in set(folder.glob("*.whl")) - {wheel}:
            stale.unlink()
        print(wheel, flush=True)


if __name__ == "__main__":
    entry_point(main)
