"""Who speaks in a stereo recording with one speaker on each channel: the louder one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywhispercpp import _core
from pywhispercpp.numpy_later import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.segment import Segment

CLEARLY = 1.1  # times louder, as whisper.cpp's own command line has it
UNKNOWN = "?"


def speaker(segment: Segment, channels: NDArray[np.float32]) -> str:
    """Return "0" or "1", the louder channel of (n, 2) samples from t0 to t1 of a segment, or "?"."""
    first, last = (min(max(0, _sample(time)), max(0, len(channels) - 1)) for time in (segment.t0, segment.t1))
    left, right = np.abs(channels[first:last]).sum(axis=0, dtype=np.float64)
    if left > CLEARLY * right:
        return "0"
    return "1" if right > CLEARLY * left else UNKNOWN


def _sample(centiseconds: int) -> int:
    return centiseconds * _core.SAMPLE_RATE // 100
