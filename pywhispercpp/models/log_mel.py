"""The log-mel spectrogram that Whisper hears, in numpy: for devices that are handed one.

Source: `log_mel_spectrogram` in src/whisper.cpp of whisper.cpp 1.8.5, and in whisper/audio.py of OpenAI.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FFT", "HOP", "LEAST_POWER", "RANGE", "hann", "log_mel", "needed_zeros"]

FFT = 400  # samples in a window: 25 ms
HOP = 160  # samples from one frame to the next: 10 ms
LEAST_POWER = 1e-10  # silence
RANGE = 8.0  # powers of ten below the loudest that are told apart

Array = NDArray[np.float32]


def log_mel(samples: Array, filters: Array) -> Array:
    """Return (n_mels, frames of 10 ms) of mono sound at 16 kHz, in about -1..1.5; a broken frame is dropped.

    samples: (n,) float32 with n >= 201. filters: (n_mels, 201), as `GgmlTensors.mel_filters` has them. Frame
    i is centred on sample 160 i; before the sound is its mirror image, behind it silence. The range is cut
    below the loudest of these samples, so that a window of a recording differs a little from the whole.
    """
    if samples.ndim != 1 or len(samples) <= FFT // 2:
        raise ValueError(f"samples of shape {samples.shape}: one row of at least {FFT // 2 + 1} is needed")
    padded = np.pad(samples, (FFT // 2, 0), mode="reflect")
    padded = np.pad(padded, (0, needed_zeros(len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
    power = np.abs(np.fft.rfft(frames * hann())) ** 2
    mel = np.log10(np.maximum(filters.astype(np.float64) @ power.T, LEAST_POWER))
    result: Array = ((np.maximum(mel, mel.max() - RANGE) + 4) / 4).astype(np.float32)
    return result


def needed_zeros(count: int) -> int:
    """How much silence behind so many samples makes count // HOP frames."""
    frames = count // HOP
    return max(0, (frames - 1) * HOP + FFT - FFT // 2 - count)


def hann() -> NDArray[np.float64]:
    """The window, periodic: its last sample would be the first of the next."""
    return np.asarray(np.hanning(FFT + 1)[:FFT])
