"""Memory, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["available_bytes", "peak_bytes"]


def peak_bytes() -> int:
    """The most memory that this process has had: VmHWM, which begins anew with a program.

    getrusage's figure would include the process that started this one.
    """
    return _told("/proc/self/status", "VmHWM")


def available_bytes() -> int:
    """Bytes that could be had at once; 0 where nobody tells."""
    return _told("/proc/meminfo", "MemAvailable")


def _told(file: str, name: str) -> int:
    try:
        text = Path(file).read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s*(\d+) kB", text, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0
