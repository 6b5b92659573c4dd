"""A folder for half-done work that is gone afterwards, also when the work is stopped."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


@contextmanager
def staging(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """Give a fresh folder (in `parent`, else in the system's place) and remove it on the way out.

    SIGTERM would end Python without cleaning up; here it raises SystemExit like any other way out.
    """
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as folder:
            yield Path(folder)
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: FrameType | None) -> None:
    """Turn a signal into an exception, with the exit status a shell would show."""
    raise SystemExit(128 + number)
