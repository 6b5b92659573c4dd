"""Where the fetched whisper.cpp lies, and whether it is the pinned one with the patches of today."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from scripts.pins import BUILD, ROOT, WHISPER_CPP
from scripts.replace_tree import is_current

SOURCES = BUILD / "whisper.cpp"
PATCHES = ROOT / "patches"


def patch_files(folder: Path = PATCHES) -> list[Path]:
    """Return the patches in the order in which they apply: by name."""
    return sorted(folder.glob("*.patch"))


def stamp(patches: Sequence[Path]) -> str:
    """Name the tree and every patch by content, so that a change of either fetches anew."""
    parts = [WHISPER_CPP["tree_sha256"]]
    parts += [f"{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}" for p in patches]
    return "\n".join(parts) + "\n"


def is_fetched(folder: Path = SOURCES) -> bool:
    """Say whether `folder` was fetched at the present pin and patched with the present patches."""
    return is_current(folder, stamp(patch_files()))
