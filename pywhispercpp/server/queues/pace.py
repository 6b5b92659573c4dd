"""Pace: how long tasks take, for a guess at when there is room for another."""

from __future__ import annotations

import math

__all__ = ["Pace"]

WEIGHT = 0.2  # of the newest task in the running mean


class Pace:
    """The running mean of what tasks took, and how many are on their way to the disk."""

    def __init__(self, mean_s: float = 0.0) -> None:
        self.coming = 0
        self.mean_s = mean_s

    def took(self, seconds: float) -> None:
        """Count one task that is done."""
        self.mean_s = seconds if not self.mean_s else (1 - WEIGHT) * self.mean_s + WEIGHT * seconds

    def retry_after_s(self, workers: int) -> int:
        """Whole seconds, 1 to 3600, after which one of those that wait has probably begun."""
        return min(3600, max(1, math.ceil(self.mean_s / max(1, workers))))
