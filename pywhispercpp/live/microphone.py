"""The microphone as chunks for a stream, through PortAudio (the extra `live`)."""

from __future__ import annotations

import logging
import queue
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError, MissingPackageError
from pywhispercpp.extras import require

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.audio import Samples

logger = logging.getLogger("pywhispercpp")

__all__ = ["Microphone", "devices"]


def _sounddevice() -> Any:  # noqa: ANN401 (it has no stubs)
    """Return the module; raise MissingPackageError that says what to install."""
    try:
        return require("sounddevice", "live", "the microphone")
    except OSError as error:
        if isinstance(error, MissingPackageError):
            raise
        raise MissingPackageError(
            f"the microphone needs the PortAudio library ({error}); on Debian: apt-get install libportaudio2"
        ) from None


def devices() -> list[tuple[int, str, bool]]:
    """Return (number, name, whether it is the default) of every device that records.

    Raises MissingPackageError or AudioError.
    """
    sounddevice = _sounddevice()
    try:
        default = sounddevice.default.device[0]
        found = enumerate(sounddevice.query_devices())
        return [(n, str(one["name"]), n == default) for n, one in found if one["max_input_channels"] > 0]
    except sounddevice.PortAudioError as error:
        raise AudioError(f"PortAudio cannot list the devices: {error}") from None


class Microphone:
    """Chunks of what a microphone hears now: float32, mono, 16 kHz; close() ends them."""

    realtime = True

    def __init__(self, device: int | str | None = None) -> None:
        """Open the microphone `device` (number or part of its name; the system's own when None).

        Raises MissingPackageError, or AudioError: no such device, or it does not record at 16 kHz.
        """
        sounddevice = _sounddevice()
        self._chunks: queue.SimpleQueue[Samples | None] = queue.SimpleQueue()
        self.overruns = 0
        try:
            self._stream = sounddevice.InputStream(
                samplerate=SAMPLE_RATE, channels=1, dtype="float32", device=device, callback=self._heard
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            name = "the microphone" if device is None else f"the microphone {device!r}"
            raise AudioError(
                f"{name} cannot be opened: {error}; `pywhispercpp stream --list-devices` lists them"
            ) from None

    def _heard(self, samples: NDArray[Any], count: int, when: object, status: Any) -> None:  # noqa: ANN401
        """Take what PortAudio recorded, on its own thread."""
        if status.input_overflow:
            self.overruns += 1
            logger.warning("the microphone ran over: audio was lost (%d times until now)", self.overruns)
        self._chunks.put(np.array(samples[:, 0]))

    def __iter__(self) -> Iterator[Samples]:
        """Record, and yield chunks until close()."""
        self._stream.start()
        while True:
            chunk = self._chunks.get()
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        """Stop recording."""
        self._stream.close()
        self._chunks.put(None)
