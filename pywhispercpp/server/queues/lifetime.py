"""How long what came of a task is kept."""

from __future__ import annotations

import dataclasses
import time

from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import Task

__all__ = ["has_expired", "keep_s", "with_expiry"]

AWAITED_S = 60  # how long the result of a call is kept for it


def keep_s(task: Task, settings: Settings) -> float:
    """For how many seconds the result of a task is kept."""
    seconds = 60 * settings.delete_results_after_m
    return max(seconds, AWAITED_S) if task.is_awaited else seconds


def with_expiry(task: Task, settings: Settings) -> Task:
    """The same, for a task that is done, or read, now."""
    return dataclasses.replace(task, time_expires=time.time() + keep_s(task, settings))


def has_expired(task: Task) -> bool:
    """Whether its time has come."""
    return task.time_expires is not None and task.time_expires <= time.time()
