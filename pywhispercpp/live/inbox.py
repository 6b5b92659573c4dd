"""Inbox: a real-time source fills it, and whoever hears takes all that waits."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger("pywhispercpp")

MOST_AT_ONCE = 5 * SAMPLE_RATE  # samples: a backlog is taken in parts


@dataclass(frozen=True)
class Batch:
    """Audio that waited: `gap` samples before it were dropped, `behind` seconds wait after it."""

    samples: NDArray[Any]
    gap: int
    behind: float
    arrived: float  # time.monotonic() of the newest chunk in it


class Inbox:
    """Chunks of a real-time source, at most `most` samples; the oldest go when more come."""

    def __init__(self, source: Iterable[NDArray[Any]], most: int) -> None:
        """source: read on a thread of the inbox's own after start(); else put() and end() fill it."""
        self._source = source
        self._most = most
        self._chunks: deque[tuple[NDArray[Any], float]] = deque()
        self._gap = 0  # samples dropped before the oldest chunk
        self._waiting = 0  # samples
        self._changed = threading.Condition()
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name="pywhispercpp-listen", daemon=True)
        self.lost = 0  # samples that were dropped

    def start(self) -> None:
        """Begin to read the source."""
        self._thread.start()

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for chunk in self._source:
                if self.put(chunk):
                    return
        except BaseException as raised:
            error = raised
        self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes; what waits is still there to be taken, then `error` is raised."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()

    def put(self, chunk: NDArray[Any]) -> bool:
        """Add a chunk; return whether nobody wants more."""
        size = _sized(chunk).size
        with self._changed:
            self._chunks.append((chunk, time.monotonic()))
            self._waiting += size
            dropped = self._drop()
            self._changed.notify()
            stopped = self._ended
        if dropped and not stopped:
            logger.warning(
                "this computer is too slow for the stream: %.1f s of audio were dropped, %.1f s until now",
                dropped / SAMPLE_RATE,
                self.lost / SAMPLE_RATE,
            )
        return stopped

    def _drop(self) -> int:
        """Drop half of what waits when it is too much: one long gap harms less than many short ones."""
        if self._waiting <= self._most:
            return 0
        before = self._waiting
        while self._waiting > self._most // 2 and len(self._chunks) > 1:
            self._waiting -= self._chunks.popleft()[0].size
        self._gap += before - self._waiting
        self.lost += before - self._waiting
        return before - self._waiting

    def take(self) -> Batch | None:
        """Wait for audio and return it; None when the source has ended.

        Raises what the source raised, after the audio before that was taken.
        """
        with self._changed:
            while not self._chunks and not self._ended:
                self._changed.wait(0.5)  # a bound, so that Ctrl-C is seen on every system
            if self._chunks:
                return self._batch()
            if self._error is not None:
                raise self._error
            return None

    def _batch(self) -> Batch:
        first, arrived = self._chunks.popleft()
        taken, size = [first], first.size
        while self._chunks and size < MOST_AT_ONCE and _alike(first, self._chunks[0][0]):
            chunk, arrived = self._chunks.popleft()
            taken.append(chunk)
            size += chunk.size
        self._waiting -= size
        gap, self._gap = self._gap, 0
        samples = first if len(taken) == 1 else np.concatenate(taken)
        return Batch(samples, gap, self._waiting / SAMPLE_RATE, arrived)

    def stop(self) -> None:
        """Want no more; the thread ends with its next chunk."""
        with self._changed:
            self._ended = True
            self._chunks.clear()


def _sized(chunk: object) -> NDArray[Any]:
    if not isinstance(chunk, np.ndarray):
        raise AudioError(f"a chunk of a stream must be an array of float32, not {type(chunk).__name__}")
    return chunk


def _alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two chunks may be joined: a wrong one stays alone, to be complained of."""
    return one.dtype == other.dtype and one.ndim == other.ndim == 1
