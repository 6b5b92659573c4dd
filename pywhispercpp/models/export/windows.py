"""Sound of any length for networks that take so many samples and no other number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pywhispercpp.models.export.emitter import Array

__all__ = ["windows"]

_QUIET = 3200  # samples of the stretch that is looked for: 0.2 s


def windows(samples: Array, count: int) -> Iterator[Array]:
    """Yield all of the sound in pieces of `count` samples, each with silence behind what it holds.

    samples: (n,) float32. What does not fit into one piece is cut where the last third of the piece is the
    quietest, so that few words are cut.
    """
    while len(samples) > count:
        cut = _quietest(samples, count - count // 3, count)
        yield _filled(samples[:cut], count)
        samples = samples[cut:]
    if len(samples):
        yield _filled(samples, count)


def _quietest(samples: Array, begin: int, end: int) -> int:
    """The middle of the stretch with the least power between two places."""
    width = min(_QUIET, end - begin)
    power = np.cumsum(np.concatenate([[0.0], np.square(samples[begin:end], dtype=np.float64)]))
    return begin + int(np.argmin(power[width:] - power[:-width])) + width // 2


def _filled(samples: Array, count: int) -> Array:
    filled: Array = np.zeros(count, np.float32)
    filled[: len(samples)] = samples
    return filled
