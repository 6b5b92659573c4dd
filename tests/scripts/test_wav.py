"""Recordings become what Whisper hears: 16 kHz, mono, 16 bits, and not a sample more."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from scripts import wav
from scripts.errors import BuildError


def tone(path: Path, rate: int, channels: int, seconds: float) -> Path:
    """A tone of 400 Hz."""
    times = np.arange(round(seconds * rate)) / rate
    mono = (8000 * np.sin(2 * np.pi * 400 * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(mono, channels).tobytes())
    return path


def pitch(samples: bytes) -> float:
    """The strongest frequency."""
    values = np.frombuffer(samples, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(values))) * wav.RATE / len(values))


def test_stereo_at_another_rate_becomes_mono_at_16_khz(tmp_path: Path) -> None:
    samples = wav.samples(tone(tmp_path / "a.wav", 48000, 2, 0.5))
    assert wav.seconds([samples]) == pytest.approx(0.5, abs=0.002)
    assert pitch(samples) == pytest.approx(400, abs=4)


def test_g722_is_known_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.g722"
    with (
        av.open(str(tone(tmp_path / "a.wav", 16000, 1, 0.5))) as source,
        av.open(str(path), "w", format="g722") as out,
    ):
        stream = out.add_stream("g722", rate=16000, layout="mono")
        for frame in source.decode(audio=0):
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    samples = wav.samples(path)
    assert wav.seconds([samples]) == pytest.approx(0.5, abs=0.05)
    assert pitch(samples) == pytest.approx(400, abs=4)


def test_what_was_written_is_read_with_the_pauses_between(tmp_path: Path) -> None:
    wav.write(tmp_path / "a.wav", [b"\1\0" * 1600, b"\2\0" * 1600], pause=0.5)
    assert wav.read(tmp_path / "a.wav") == b"\1\0" * 1600 + b"\0\0" * 8000 + b"\2\0" * 1600
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)


def test_without_pyav_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BuildError, match="PyAV, which is not here: pip install av"):
        wav.samples(tmp_path / "a.wav")
