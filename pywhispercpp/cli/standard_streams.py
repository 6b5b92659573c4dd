"""Standard input, output and error that are there, whatever the process was started with."""

from __future__ import annotations

import os
import sys

__all__ = ["forget_output", "open_all"]


def open_all() -> None:
    """Make closed ones (`<&-`, `>&-`) empty: else a file opened later gets the number of one and its text."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def forget_output() -> None:
    """Let what was not written go nowhere: Python would try once more at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
