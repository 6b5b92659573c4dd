"""What every export does alike: how much sound, what a file says it was made of, what a full disk is told."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp.models.hashes import digest

__all__ = ["STEPS_PER_SECOND", "model_facts", "unwritable"]

STEPS_PER_SECOND = 50  # of the audio context


def model_facts(path: Path) -> dict[str, str]:
    """Name and hash of a model. The hash is what counts: a model that changes later is another model."""
    return {"model": path.name, "model_sha256": digest(path, "sha256").partition(":")[2]}


def unwritable(target: Path, error: OSError | str) -> str:
    """The message for a target, file or folder, that cannot be written."""
    why = error if isinstance(error, str) else error.strerror or str(error)
    return f"{target}: cannot be written: {why}. Make room, or choose another place (output, --output)"
