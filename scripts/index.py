"""Downloads pinned files from the package index, through pip and its configuration."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.command import run


def download(requirement: str, sha256: str, folder: Path, options: Sequence[str]) -> Path:
    """Let pip download one hash-pinned file into `folder` and return its path.

    `options` choose the kind of file (`--no-binary NAME` for an sdist, `--only-binary :all:` for a wheel).
    pip verifies the hash before anything looks into the file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch) / "requirements.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
        target = Path(scratch) / "files"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run([*pip, *options, "--require-hashes", "--requirement", pinned, "--dest", target])
        (file,) = target.iterdir()
        folder.mkdir(parents=True, exist_ok=True)
        # Copy beside, then rename: an interrupted copy never carries the final name.
        partial = folder / (file.name + ".part")
        partial.write_bytes(file.read_bytes())
        return partial.replace(folder / file.name)
