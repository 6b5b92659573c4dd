"""How long work tells its caller where it stands; nothing here prints."""

from __future__ import annotations

import logging
from typing import Protocol

__all__ = ["Progress", "QuietProgress"]

_log = logging.getLogger("pywhispercpp.models")


class Progress(Protocol):
    """What a download reports to."""

    def at(self, done: int, total: int | None) -> None:
        """`done` bytes of `total` are there; `total` is None while it is not known."""

    def note(self, message: str) -> None:
        """Something worth a line happened: a retry, another road taken."""


class QuietProgress:
    """The default: notes go to the logger `pywhispercpp.models`, byte counts nowhere."""

    def at(self, done: int, total: int | None) -> None:
        """Ignore the count."""

    def note(self, message: str) -> None:
        """Log the message."""
        _log.info("%s", message)
