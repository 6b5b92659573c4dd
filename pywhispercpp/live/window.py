"""The part of a stream that is still needed, and where it can be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from pywhispercpp.audio import Samples

HOP = SAMPLE_RATE // 100
SMOOTH = 12  # hops that a pause is measured over: 120 ms is longer than the stop inside a word
APART = SAMPLE_RATE * 3 // 10  # samples between two places to cut at


class AudioWindow:
    """Samples by their position in the stream; the ones that were dropped free their memory."""

    def __init__(self) -> None:
        self._data = np.empty(SAMPLE_RATE, dtype=np.float32)
        self._first = 0  # where in _data the window starts
        self._used = 0
        self.begin = 0  # position of the first sample that is kept

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self.begin + self._used - self._first

    def append(self, samples: Samples) -> None:
        """Add samples at the end."""
        if self._used + samples.size > self._data.size:
            self._make_room(samples.size)
        self._data[self._used : self._used + samples.size] = samples
        self._used += samples.size

    def _make_room(self, count: int) -> None:
        kept = self._data[self._first : self._used]
        # Twice what is needed: the samples are moved seldom.
        fresh = np.empty(max(SAMPLE_RATE, 2 * (kept.size + count)), dtype=np.float32)
        fresh[: kept.size] = kept
        self._data, self._first, self._used = fresh, 0, kept.size

    def drop_before(self, position: int) -> None:
        """Forget the samples before `position`."""
        count = min(max(0, position - self.begin), self._used - self._first)
        self._first += count
        self.begin += count

    def skip(self, count: int) -> None:
        """Forget everything, and go on after `count` samples that nobody keeps."""
        self.begin = self.end + count
        self._first = self._used = 0

    def cutting(self, first: int, last: int) -> Samples:
        """Return a copy of the samples from `first` to `last`."""
        offset = self._first - self.begin
        return self._data[max(first, self.begin) + offset : min(last, self.end) + offset].copy()

    def quiet_places(self, first: int, last: int, most: int) -> list[int]:
        """Return up to `most` positions between `first` and `last` to cut at, the quietest one first."""
        samples = self.cutting(first, last)
        hops = samples[: samples.size // HOP * HOP].reshape(-1, HOP)
        if len(hops) <= SMOOTH:
            return [(first + last) // 2]
        energy = np.convolve(np.square(hops, dtype=np.float64).mean(axis=1), np.ones(SMOOTH), "valid")
        found: list[int] = []
        for index in np.argsort(energy, kind="stable"):
            place = first + (int(index) * 2 + SMOOTH) * HOP // 2
            if all(abs(place - other) >= APART for other in found):
                found.append(place)
                if len(found) == most:
                    break
        return found
