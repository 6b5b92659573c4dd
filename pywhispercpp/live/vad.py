"""Who speaks when in a stream: voices that give probabilities, and the gate that makes utterances of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol, Union

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.audio import Samples
    from pywhispercpp.live.options import LiveOptions

FRAME = 512  # samples that one probability stands for
HYSTERESIS = 0.15  # speech ends this far below the probability that it starts at, as in Silero's own code
QUIETEST = 1e-4  # RMS of what is never speech: -80 dB
RISE = 3.0  # how far above the background speech is


class Voice(Protocol):
    """What hears whether someone speaks; it may remember what came before."""

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Return one probability of speech for each FRAME of `samples`, shape (n * FRAME,)."""


VadChoice = Union[bool, str, Voice]


class EveryFrame:
    """Hears speech everywhere but in digital silence: sliding windows over all there is."""

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Return 1 for each frame that is not silent."""
        return (_loudness(samples) > QUIETEST).astype(np.float32)


class EnergyVad:
    """Takes for speech what is louder than the background; needs no model, and is fooled by noises."""

    def __init__(self, lowest: float = 100.0) -> None:
        """lowest: frequencies below it do not count, in Hz."""
        self._lowest = lowest
        self._background = 0.0  # of what is not digital silence, which tells nothing of a room

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Return 0 to 1 for each frame; 0.5 where it is RISE times as loud as the background."""
        loudness = _loudness(samples, self._lowest)
        result = np.empty(loudness.size, dtype=np.float32)
        for index, level in enumerate(loudness):
            if level <= QUIETEST:
                result[index] = 0
                continue
            # Down at once, in the pauses that speech has; up by 6 dB in 2 s, where a fan is switched on.
            self._background = min(float(level), self._background * 1.0111 or float(level))
            ratio = float(level) / self._background
            result[index] = ratio**2 / (ratio**2 + RISE**2)
        return result


def choose(vad: VadChoice, model_path: str | os.PathLike[str] | None) -> Voice:
    """Return a voice: for True Silero, "energy", for False every frame, or an object of one's own.

    Raises ModelNotFoundError or DownloadError (no Silero model), ModelError and OptionError.
    """
    if vad is True or vad == "silero":
        from pywhispercpp.vad import Vad

        silero: Voice = Vad(model_path)
        return silero
    if vad is False:
        return EveryFrame()
    if isinstance(vad, str) and vad == "energy":
        return EnergyVad()
    if not isinstance(vad, str) and callable(getattr(vad, "probabilities", None)):
        return vad
    raise OptionError(
        f"vad={vad!r}: True, False, 'silero', 'energy' or an object with probabilities() is needed"
    )


def _loudness(samples: Samples, lowest: float = 0.0) -> NDArray[Any]:
    """The RMS of each frame, of what is above `lowest` Hz."""
    frames = samples.reshape(-1, FRAME)
    if lowest <= 0:
        plain: NDArray[Any] = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
        return plain
    powers = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)))
    powers[:, : int(np.ceil(lowest * FRAME / SAMPLE_RATE))] = 0
    # Parseval: twice, for the negative frequencies; the window takes 5/8 of the power away.
    loudness: NDArray[Any] = np.sqrt(powers.sum(axis=1) * 2 * 8 / 3) / FRAME
    return loudness


class SpeechGate:
    """Makes utterances of probabilities: opens with the first frame of speech, closes after silence."""

    def __init__(self, options: LiveOptions) -> None:
        self._options = options
        self.is_open = False
        self.start = 0  # sample at which the utterance began
        self.end = 0  # sample at which its last frame of speech ended
        self.spoken = 0  # samples of speech in it

    def push(self, probability: float, position: int) -> bool:
        """Hear one frame, whose first sample is `position`; return whether the utterance has just ended."""
        if probability >= self._options.threshold:
            if not self.is_open:
                self.is_open, self.start, self.spoken = True, position, 0
            self.end = position + FRAME
            self.spoken += FRAME
        elif self.is_open and probability >= self._options.threshold - HYSTERESIS:
            self.end = position + FRAME
        elif self.is_open and position + FRAME - self.end >= self._options.min_silence:
            self.is_open = False
            return True
        return False
