"""Turns recordings into WAV files of 16 kHz, mono, 16 bits: what Whisper hears."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.errors import BuildError

RATE = 16_000


def samples(recording: Path) -> bytes:
    """The recording as 16-bit samples, mono, 16 kHz. PyAV tells the format, but for raw G.722 by its name."""
    try:
        import av
    except ImportError as error:
        raise BuildError(
            f"{recording.name} is decoded with PyAV, which is not here: pip install av"
        ) from error
    form = "g722" if recording.suffix == ".g722" else None
    to_mono = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(recording), format=form) as container:
        frames = [resampled for frame in container.decode(audio=0) for resampled in to_mono.resample(frame)]
    frames += to_mono.resample(None)
    # A plane is padded to a multiple of the vector size; two bytes a sample are ours.
    return b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames)


def write(path: Path, parts: Sequence[bytes], pause: float = 0.0) -> None:
    """Write samples one after another, `pause` seconds of silence between them."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((b"\0\0" * round(pause * RATE)).join(parts))


def read(path: Path) -> bytes:
    """The samples of a file that `write` wrote."""
    with wave.open(str(path), "rb") as file:
        return file.readframes(file.getnframes())


def seconds(parts: Iterable[bytes]) -> float:
    """How long samples last."""
    return sum(map(len, parts)) / (2 * RATE)
