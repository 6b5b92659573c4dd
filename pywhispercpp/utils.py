"""Small helpers that pywhispercpp 1.5 had under this name."""

from __future__ import annotations


def to_timestamp(t: int, separator: str = ",") -> str:
    """Return centiseconds as hh:mm:ss,mmm.

    >>> to_timestamp(376)
    '00:00:03,760'
    """
    seconds, centiseconds = divmod(int(t), 100)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{separator}{centiseconds * 10:03d}"
