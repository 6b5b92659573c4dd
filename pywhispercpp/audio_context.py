"""How much audio context a stretch of audio needs: the encoder's work, and time, grow with it."""

from __future__ import annotations

import math

from pywhispercpp import _core

#: audio_ctx as whisper.cpp counts it: positions of 20 ms.
POSITIONS_PER_SECOND = 50
#: Positions of silence after the audio, what the sum is rounded up to, and the least that there must be;
#: measured (docs/openvino.md).
MARGIN = 192
STEP = 64
LEAST = 768


def needed(n_samples: int, whole: int) -> int:
    """The audio context for so many samples of 16 kHz, at most `whole`, the model's own."""
    positions = math.ceil(n_samples * POSITIONS_PER_SECOND / _core.SAMPLE_RATE) + MARGIN
    return min(whole, max(LEAST, math.ceil(positions / STEP) * STEP))


def heard(n_samples: int, offset_ms: int, duration_ms: int, n_processors: int) -> int:
    """The samples of the longest share that is transcribed at once, when the audio has `n_samples`."""
    per_ms = _core.SAMPLE_RATE // 1000
    left = max(0, n_samples - offset_ms * per_ms)
    wanted = min(left, duration_ms * per_ms) if duration_ms else left
    return wanted - (n_processors - 1) * (wanted // n_processors)  # the last share takes what is left over
