"""A model file that is made here: written beside its place, verified, renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.atomic_file import check_replaceable
from pywhispercpp.errors import ModelError
from pywhispercpp.models.hashes import digest

__all__ = ["make"]


def make(
    target: Path,
    source: Path,
    write: Callable[[BinaryIO], object],
    expected: str | None,
    check: Callable[[Path], object] | None = None,
) -> Path:
    """Make `target` of what `write` writes; it is as it was when that, `check` or the hash fails.

    expected: the hash of the result, `algorithm:hex`, None for any. source: what it was made of, for the
    message. Raises ModelError, OutputError where the target is no file, and what `write` and `check` raise.
    """
    check_replaceable(target)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        if check is not None:
            check(beside)
        got = digest(beside, expected.partition(":")[0]) if expected else None
        if got != expected:
            raise ModelError(f"{source}: converted to {got}, expected {expected}; the result was deleted")
        beside.chmod(0o644)
        return beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
