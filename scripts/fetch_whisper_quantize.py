"""Fetches whisper-quantize's sources, verified, into build/whisper-quantize/sources: tests compile it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.fetch_whisper_cpp import fill
from scripts.pins import BUILD, WHISPER_QUANTIZE
from scripts.replace_tree import is_current, replacing

FOLDER = BUILD / "whisper-quantize" / "sources"


def fetch(folder: Path = FOLDER) -> Path:
    """Make sure that `folder` holds the pinned files; return it."""
    if not is_current(folder, WHISPER_QUANTIZE["tree_sha256"]):
        print("fetching whisper-quantize", flush=True)
        with replacing(folder, WHISPER_QUANTIZE["tree_sha256"]) as fresh:
            fill(fresh, WHISPER_QUANTIZE)
    return folder


def main(argv: Sequence[str]) -> None:
    """Fetch and say where."""
    print(fetch())


if __name__ == "__main__":
    entry_point(main)
