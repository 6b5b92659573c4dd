"""TaskQueue: what the service asks of a queue, wherever the tasks are kept and whoever works on them."""

from __future__ import annotations

import abc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp.errors import PywhispercppError
from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server.task import Task

__all__ = ["DecoderState", "QueueFullError", "QueueUnavailableError", "TaskQueue"]


class QueueFullError(PywhispercppError):
    """No more tasks may wait; `retry_after_s` is a guess at when one may."""

    def __init__(self, size: int, retry_after_s: int) -> None:
        super().__init__(f"{size} tasks are waiting already: try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class QueueUnavailableError(PywhispercppError):
    """What keeps the tasks does not answer, or refuses to; its message is for those who run the service."""


@dataclass(frozen=True)
class DecoderState:
    """What those who work are doing.

    Attributes:
        last_loaded_model: the name of the last model that was loaded, None for none yet.
        is_model_loaded: whether one is in memory.
        pending: tasks that wait. processing: tasks that are worked on.
        received_at: seconds since 1970 at which this was true.
    """

    last_loaded_model: str | None
    is_model_loaded: bool
    pending: int
    processing: int
    received_at: float


class TaskQueue(abc.ABC):
    """Tasks in the order of their coming, with their audio and their results. For one event loop.

    What keeps them may fail: every function raises OutputError or QueueUnavailableError then.
    """

    @abc.abstractmethod
    async def start(self) -> None:
        """Go on with what is there. Raises PywhispercppError."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """Break off what is worked on here; it is done again later."""

    @abc.abstractmethod
    async def check_room(self) -> None:
        """Raise QueueFullError where submit() would."""

    @abc.abstractmethod
    async def submit(self, task: Task, audio: Path) -> None:
        """Take a task and its audio file, which is the queue's from then on. Raises QueueFullError."""

    @abc.abstractmethod
    async def find(self, task_id: str) -> Task | None:
        """The task as it is now; None for one that is not there, or not any more."""

    @abc.abstractmethod
    async def position(self, task_id: str) -> int | None:
        """Its place among those that wait, from 1 on; None where it does not wait."""

    @abc.abstractmethod
    async def transcript(self, task_id: str) -> Transcript | None:
        """The result of a finished task."""

    @abc.abstractmethod
    async def refresh(self, task_id: str) -> None:
        """Let the result live as long again as it did at first."""

    @abc.abstractmethod
    async def remove(self, task_id: str) -> None:
        """Cancel and forget a task: work on it ends within a decoding step, nothing of it is kept."""

    @abc.abstractmethod
    def watch(self, task_id: str) -> AbstractAsyncContextManager[AsyncIterator[Segment]]:
        """Segments of a task as they are heard, until it is done or removed; begin before submit()."""

    @abc.abstractmethod
    async def state(self) -> DecoderState:
        """What is going on."""

    @abc.abstractmethod
    async def expire(self) -> None:
        """Forget what has expired."""
