"""Real small audio files and short arrays for the tests of the package."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import numpy as np
import pytest

from pywhispercpp import Model, audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

WavFactory = Callable[..., Path]


@pytest.fixture(scope="session")
def speech(jfk: Path) -> NDArray[np.float32]:
    """The 11 s of jfk.wav as samples."""
    return audio.load(jfk)


@pytest.fixture
def wav(tmp_path: Path) -> WavFactory:
    """A factory of 16-bit wav files: shape (n,) or (n, channels), floats between -1 and 1."""

    def make(samples: NDArray[np.float32], rate: int = 16000, name: str = "made.wav") -> Path:
        path = tmp_path / name
        frames = np.atleast_2d(samples.T).T
        with wave.open(str(path), "wb") as file:
            file.setnchannels(frames.shape[1])
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes((frames * 32767).astype("<i2").tobytes())
        return path

    return make


@pytest.fixture(scope="session")
def model(tiny_en: Path) -> Model:
    """One model for many tests. One thread: on a busy machine ggml's threads wait long for each other."""
    return Model(tiny_en, n_threads=1)


@pytest.fixture
def own_model(tiny_en: Path) -> Model:
    """A model of the test's own, for tests that change options or close it."""
    return Model(tiny_en, n_threads=1, temperature_inc=0.0)
