"""How much audio context a stretch of audio needs: the encoder's work, and time, grow with it."""

from __future__ import annotations

import math

from pywhispercpp import _core

#: audio_ctx as whisper.cpp counts it: positions of 20 ms.
POSITIONS_PER_SECOND = 50
#: That of every Whisper model: longer audio is heard in windows of 30 s.
WHOLE = 1500
#: Positions of silence after the audio, what the sum is rounded up to, and the least that there must be;
#: measured (docs/openvino.md).
MARGIN = 192
STEP = 64
LEAST = 768


def needed(n_samples: int, can: tuple[int, int]) -> int:
    """The audio context for so many samples of 16 kHz, of an encoder that `can` serve the least and the most.

    One that can serve the audio but not the whole margin serves what it can; for longer audio than it can
    serve the answer is more than the most.
    """
    least, most = can
    audio = min(WHOLE, math.ceil(n_samples * POSITIONS_PER_SECOND / _core.SAMPLE_RATE))
    wanted = max(LEAST, math.ceil((audio + MARGIN) / STEP) * STEP)
    return max(least, audio, min(wanted, most))


def heard(n_samples: int, offset_ms: int, duration_ms: int, n_processors: int) -> int:
    """The samples of the longest share that is transcribed at once, when the audio has `n_samples`."""
    per_ms = _core.SAMPLE_RATE // 1000
    left = max(0, n_samples - offset_ms * per_ms)
    wanted = min(left, duration_ms * per_ms) if duration_ms else left
    return wanted - (n_processors - 1) * (wanted // n_processors)  # the last share takes what is left over
