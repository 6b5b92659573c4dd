"""Whisper's log-mel spectrogram in plain numpy, in float64: what every other one is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.reference_encoder import Array

_WINDOW, _HOP, _SECONDS = 400, 160, 30


def log_mel(samples: Array, filters: Array) -> Array:
    """The spectrogram (n_mels, frames) of samples and the 30 s of silence that follow them."""
    around = _WINDOW // 2
    silence = np.zeros(16000 * _SECONDS + around)
    padded = np.concatenate([samples[1 : around + 1][::-1], samples, silence]).astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:-1]
    power = np.abs(np.fft.rfft(frames * _hann())) ** 2
    mel = np.log10(np.maximum(filters.astype(np.float64) @ power.T, 1e-10))
    scaled: Array = ((np.maximum(mel, mel.max() - 8) + 4) / 4).astype(np.float32)
    return scaled


def _hann() -> NDArray[np.float64]:
    """The periodic window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
