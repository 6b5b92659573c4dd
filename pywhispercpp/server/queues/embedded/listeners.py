"""Listeners: those on the event loop who want to hear the segments of a task while others work on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Optional

from pywhispercpp.segment import Segment

__all__ = ["Listeners"]

_Told = tuple[Segment, Optional[int]]
_Mailbox = asyncio.Queue[Optional[_Told]]


class Listeners:
    """Any thread tells; each listener hears on its own event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mailboxes: dict[str, list[tuple[asyncio.AbstractEventLoop, _Mailbox]]] = {}

    def __contains__(self, task_id: str) -> bool:
        """Whether anybody listens to a task."""
        return task_id in self._mailboxes

    @contextmanager
    def listening(self, task_id: str) -> Iterator[AsyncIterator[Segment]]:
        """What is told of a task from now on, until end()."""
        mine = (asyncio.get_running_loop(), _Mailbox())
        with self._lock:
            self._mailboxes.setdefault(task_id, []).append(mine)
        try:
            yield _until_end(mine[1])
        finally:
            with self._lock:
                others = [one for one in self._mailboxes[task_id] if one is not mine]
                self._mailboxes[task_id] = others
                if not others:
                    del self._mailboxes[task_id]

    def tell(self, task_id: str, segment: Segment, number: int | None = None) -> None:
        """Tell everybody who listens to a task.

        number: of the segment, where work that begins again tells it again: nobody hears it twice.
        """
        self._put(task_id, (segment, number))

    def end(self, task_id: str) -> None:
        """Tell them that nothing more comes."""
        self._put(task_id, None)

    def _put(self, task_id: str, item: _Told | None) -> None:
        with self._lock:
            for loop, mailbox in self._mailboxes.get(task_id, ()):
                loop.call_soon_threadsafe(mailbox.put_nowait, item)


async def _until_end(mailbox: _Mailbox) -> AsyncIterator[Segment]:
    heard = -1
    while (item := await mailbox.get()) is not None:
        segment, number = item
        if number is None or number > heard:
            heard = heard if number is None else number
            yield segment
