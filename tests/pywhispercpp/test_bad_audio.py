"""Odd, huge, broken and endless audio: a result or an AudioError, and memory of little more than it."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
from array import array
from pathlib import Path
from typing import Any, Callable, cast

import av
import numpy as np
import pytest

from pywhispercpp import AudioError, Model, audio, decode

HOURS = 3
# Peak memory in KiB of loading one file, over what Python and PyAV need by themselves.
PEAK = """
import resource, sys
from pywhispercpp import audio
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
audio.load(sys.argv[2])
before = peak()
samples = audio.load(sys.argv[1])
print(samples.size, peak() - before, samples.any())
"""
LITTLE_MEMORY = """
import resource, sys
from pywhispercpp import audio
audio.load(sys.argv[2])
held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 300_000_000,) * 2)
audio.load(sys.argv[1])
"""


def encoded(
    path: Path, codec: str, seconds: float, rate: int = 16000, layout: str = "mono", volume: float = 0
) -> Path:
    """A file with a tone in every channel, or with silence, in blocks of a minute at most."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        done, total = 0, int(rate * seconds)
        while done < total:
            count = min(total - done, rate * 60)
            at = np.arange(count) * 2 * np.pi * 440 / rate if volume else np.zeros(count)
            tone = (np.sin(at) * volume * 32767).astype("<i2")
            frame = av.AudioFrame(format="s16", layout=layout, samples=count)
            frame.planes[0].update(np.repeat(tone, frame.layout.nb_channels).tobytes())
            frame.sample_rate, frame.pts = rate, done
            container.mux(stream.encode(frame))
            done += count
        container.mux(stream.encode(None))
    return path


def header(
    size: int, claimed: int | None = None, rate: int = 16000, channels: int = 1, bits: int = 16
) -> bytes:
    """The first 44 bytes of a wav file of `size` bytes of samples, which may claim other sizes."""
    told = (size if claimed is None else claimed) & 0xFFFFFFFF
    block = channels * bits // 8 & 0xFFFF
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    riff = struct.pack("<4sI4s4sI", b"RIFF", (told + 36) & 0xFFFFFFFF, b"WAVE", b"fmt ", 16)
    return riff + form + struct.pack("<4sI", b"data", told)


def child(program: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours of silence in 2 MB."""
    return encoded(tmp_path_factory.mktemp("long") / "silence.flac", "flac", HOURS * 3600)


def test_three_hours_of_silence_need_little_more_memory_than_their_samples(silence: Path, jfk: Path) -> None:
    done = child(PEAK, silence, jfk)
    assert done.returncode == 0, done.stderr
    size, peak, loud = done.stdout.split()
    assert int(size) == HOURS * 3600 * 16000 and loud == "False"
    assert int(peak) * 1024 < 1.4 * int(size) * 4


def test_too_little_memory_is_an_error_of_ours(silence: Path, jfk: Path) -> None:
    done = child(LITTLE_MEMORY, silence, jfk)
    assert done.returncode == 1
    assert "AudioError" in done.stderr.splitlines()[-1] and "too long for the memory" in done.stderr


def test_more_than_36_hours_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path, size = tmp_path / "long.wav", 40 * 3600 * 8000
    with path.open("wb") as file:
        file.write(header(size, rate=8000, bits=8))
        file.truncate(44 + size)  # takes no room on the disk
    with pytest.raises(AudioError, match="40 hours of audio, longer than 36"):
        audio.load(path)


def test_audio_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        """A stream that says nothing of its length, as a microphone's."""

        begun = False

        def read(self, size: int = -1) -> bytes:
            start = b"" if self.begun else header(0, 0xFFFFFFFF)
            self.begun = True
            return (start + bytes(65536))[:size]

    monkeypatch.setattr(decode, "_LONGEST", 60 * 16000)  # the real one would take minutes, and 8 GB
    with pytest.raises(AudioError, match="longer than 36 hours"):
        audio.load(Endless())  # type: ignore[arg-type]


@pytest.mark.parametrize("claimed", [0, 5, 3_200_000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_header_that_promises_another_length(claimed: int) -> None:
    samples = audio.load(header(32000, claimed) + bytes(32000))
    assert samples.size == (16000 if claimed != 5 else 2)


@pytest.mark.parametrize("rate", [0, 1, 999, 2**31 - 1, 2**32 - 1])
def test_a_rate_of_no_audio_is_refused(rate: int) -> None:
    with pytest.raises(AudioError):
        audio.load(header(32000, rate=rate) + bytes(32000))


@pytest.mark.parametrize("channels", [0, 600, 65535])
def test_a_number_of_channels_of_no_audio_is_refused(channels: int) -> None:
    with pytest.raises(AudioError):
        audio.load(header(32000, channels=channels) + bytes(32000))


def test_eight_channels_at_192_khz(tmp_path: Path) -> None:
    samples = audio.load(encoded(tmp_path / "many.flac", "flac", 10, 192000, "7.1", 0.5))
    assert abs(samples.size - 160000) < 100
    spectrum = np.abs(np.fft.rfft(samples[:16000]))
    assert int(spectrum.argmax()) == 440
    assert samples.max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.flac", "flac")]
)
def test_a_file_cut_in_half_is_half_the_audio(tmp_path: Path, name: str, codec: str) -> None:
    whole = encoded(tmp_path / name, codec, 20, 48000, volume=0.5).read_bytes()
    half = audio.load(whole[: len(whole) // 2]).size / 16000
    assert 8 < half < 12


def test_ten_milliseconds_and_none(model: Model, wav: Callable[..., Path]) -> None:
    short = audio.load(wav(np.zeros(160, np.float32)))
    assert short.size == 160
    assert model.transcribe(short) == []
    with pytest.raises(AudioError, match="no audio"):
        model.transcribe(wav(np.zeros(0, np.float32)))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_a_device_is_no_audio(device: str) -> None:
    with pytest.raises(AudioError, match=device):
        audio.load(device)


def test_a_pipe_is_read_to_its_end(tmp_path: Path, jfk: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(jfk.read_bytes()))
    writer.start()
    samples = audio.load(pipe)
    writer.join()
    assert np.array_equal(samples, audio.load(jfk))


def test_a_number_for_a_name_is_no_hindrance(jfk: Path) -> None:
    with os.fdopen(os.open(jfk, os.O_RDONLY), "rb") as file:  # file.name is the descriptor
        assert audio.load(file).size == 176000


def test_a_path_may_be_one_of_bytes(jfk: Path) -> None:
    class Odd:
        def __fspath__(self) -> bytes:
            return os.fsencode(jfk)

    assert audio.load(Odd()).size == 176000  # type: ignore[arg-type]


class Misbehaving(io.RawIOBase):
    """A file object that is good for a while."""

    def __init__(self, content: bytes, then: object) -> None:
        super().__init__()
        self._content = io.BytesIO(content)
        self._then = then

    def read(self, size: int = -1) -> bytes:
        if self._content.tell() < 40_000:
            return self._content.read(min(size, 20_000))
        if isinstance(self._then, BaseException):
            raise self._then
        return cast("bytes", self._then)  # or not


@pytest.mark.parametrize("then", ["text", None, 5, b"x" * 1_000_000, RuntimeError("lost"), OSError("gone")])
def test_a_file_object_that_goes_wrong_is_an_audio_error(jfk: Path, then: object) -> None:
    with pytest.raises(AudioError, match="damaged"):
        audio.load(Misbehaving(jfk.read_bytes(), then))  # type: ignore[arg-type]


def test_ctrl_c_while_a_file_object_reads_is_not_lost(jfk: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        audio.load(Misbehaving(jfk.read_bytes(), KeyboardInterrupt()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "media", [memoryview(bytes(100))[::2], memoryview(array("d", [0.0])), memoryview(b"")]
)
def test_bytes_in_another_shape_are_no_audio(media: memoryview) -> None:
    with pytest.raises(AudioError):
        audio.load(media)


def test_a_file_longer_than_its_reader_wants(jfk: Path) -> None:
    with jfk.open("rb") as file, pytest.raises(AudioError, match=r"a talk: longer than 10\.5 s"):
        audio.load(file, longest_s=10.5, name="a talk")
    assert audio.load(jfk, longest_s=11).size == 176000


def test_a_look_at_the_head_of_a_file(jfk: Path, tmp_path: Path) -> None:
    with jfk.open("rb") as file:
        decode.probe(file, "a talk")
    (tmp_path / "text").write_text("no audio")
    with (
        (tmp_path / "text").open("rb") as file,
        pytest.raises(AudioError, match="a talk: this is no audio file"),
    ):
        decode.probe(file, "a talk")
