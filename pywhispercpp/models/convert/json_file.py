"""A JSON file of somebody else's, with limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pywhispercpp.errors import ModelError

__all__ = ["read_json"]

_MOST_DIGITS = 20  # of a whole number; the time for thousands grows with their square


def read_json(path: Path, most: int) -> Any:  # noqa: ANN401 - anything that JSON can be
    """Return the content of a file of at most `most` bytes; raises ModelError."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise ValueError(f"more than {most} bytes")
        return json.loads(data.decode("utf-8-sig"), parse_int=_whole)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read as JSON: {error}") from error


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
