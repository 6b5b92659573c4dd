"""Fetches the sources of a program of upstream, verified: python -m scripts.fetch_whisper_tool whisper-cli

The tests compile them in build/NAME/sources and compare this package with the programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.fetch_whisper_cpp import fill
from scripts.pins import BUILD, WHISPER_TOOLS
from scripts.replace_tree import is_current, replacing


def fetch(name: str, build: Path = BUILD) -> Path:
    """Make sure that `build`/NAME/sources holds the pinned files of a tool; return it."""
    if name not in WHISPER_TOOLS:
        raise BuildError(f"{name!r}: one of {', '.join(WHISPER_TOOLS)} is needed (pins: scripts/pins.bzl)")
    pin, folder = WHISPER_TOOLS[name], build / name / "sources"
    if not is_current(folder, pin["tree_sha256"]):
        print(f"fetching {name}", flush=True)
        with replacing(folder, pin["tree_sha256"]) as fresh:
            fill(fresh, pin)
    return folder


def main(argv: Sequence[str]) -> None:
    """Fetch what is named, or all, and say where."""
    for name in argv or WHISPER_TOOLS:
        print(fetch(name))


if __name__ == "__main__":
    entry_point(main)
