"""Pcm: raw mono samples that come in messages of any size -> float32 at 16 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pywhispercpp import audio
from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError
from pywhispercpp.live.source import RAW_FORMATS

if TYPE_CHECKING:
    import av

    from pywhispercpp.audio import Samples

__all__ = ["LEAST_RATE", "MOST_RATE", "Pcm"]

LEAST_RATE, MOST_RATE = 8000, 192_000


class Pcm:
    """The samples of one stream; a message may end inside a sample."""

    def __init__(self, kind: str, rate: int) -> None:
        """kind: s16le or f32le. rate: in Hz, LEAST_RATE to MOST_RATE."""
        dtype, self._full = RAW_FORMATS[kind]
        self._dtype = np.dtype(dtype)
        self._rest = b""
        self._rate = rate
        self._resampler: av.AudioResampler | None = None
        if rate != SAMPLE_RATE:
            import av  # 0.2 s: not paid by those who send 16 kHz

            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)

    def push(self, data: bytes) -> Samples:
        """Return what a message brings, perhaps nothing. Raises AudioError for NaN, infinity and the like."""
        data = self._rest + data
        whole = len(data) // self._dtype.itemsize * self._dtype.itemsize
        self._rest = data[whole:]
        if not whole:
            return np.empty(0, np.float32)
        samples = np.frombuffer(data[:whole], self._dtype).astype(np.float32)
        if self._full != 1:
            samples /= np.float32(self._full)
        return self._resampled(audio.check_array(samples))

    def finish(self) -> Samples:
        """Return what is left; half a sample is not."""
        return np.empty(0, np.float32) if self._resampler is None else self._resample(None)

    def _resampled(self, samples: Samples) -> Samples:
        if self._resampler is None:
            return samples
        import av

        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = self._rate
        return self._resample(frame)

    def _resample(self, frame: av.AudioFrame | None) -> Samples:
        assert self._resampler is not None
        try:
            frames = self._resampler.resample(frame)
        except (OSError, ValueError) as error:  # FFmpeg's
            raise AudioError(f"the samples cannot be brought to 16 kHz: {error}") from error
        parts = [one.to_ndarray().reshape(-1) for one in frames if one.samples]
        return np.concatenate(parts) if parts else np.empty(0, np.float32)
