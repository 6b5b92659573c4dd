"""WAV files that need no PyAV are heard as PyAV hears them; all others are PyAV's."""

from __future__ import annotations

import io
import struct
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import pytest

from pywhispercpp import audio, plain_wav
from pywhispercpp.errors import AudioError

if TYPE_CHECKING:
    from pywhispercpp.audio import Samples


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """One chunk of a WAV file."""
    return name + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


def wav(
    data: bytes,
    channels: int = 1,
    rate: int = 16000,
    bits: int = 16,
    kind: int = 1,
    size: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """A WAV file; `size` is what its data claim to have."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)
    body = b"WAVE" + chunk(b"fmt ", form) + extra + chunk(b"data", data, size)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def noise(samples: int, seed: int = 1) -> bytes:
    """So many samples of every loudness."""
    return np.random.default_rng(seed).integers(-32768, 32768, samples).astype("<i2").tobytes()


def plain(file: IO[bytes], channels: int = 1) -> Samples | None:
    """All of it at once."""
    found = plain_wav.pieces(file, channels)
    return None if found is None else np.concatenate(list(found))


def foreign(content: bytes) -> IO[bytes]:
    """A file object of a kind that plain_wav does not look at: PyAV's to read."""
    inside = io.BytesIO(content)
    return cast("IO[bytes]", SimpleNamespace(read=inside.read, name="foreign"))


GOOD = {
    "mono": wav(noise(200_001)),
    "stereo": wav(noise(150_000), channels=2),
    "a list before the data": wav(noise(1000), extra=chunk(b"LIST", b"INFOabc")),
    "more behind the data": wav(noise(1000)) + chunk(b"LIST", b"INFO1234"),
}
OTHERS = {
    "8 kHz": wav(noise(1000), rate=8000),
    "44.1 kHz": wav(noise(1000), rate=44100),
    "8 bits": wav(noise(1000), bits=8),
    "24 bits": wav(noise(1500), bits=24),
    "float": wav(noise(1000), bits=32, kind=3),
    "three channels": wav(noise(999), channels=3),
    "cut off": wav(noise(1000), size=4000),
    "size unknown": wav(noise(1000), size=0xFFFFFFFF),
    "no samples": wav(b""),
    "half a sample": wav(noise(1000) + b"x"),
    "no format": b"RIFF" + bytes(4) + b"WAVE" + chunk(b"data", noise(10)),
    "a short format": b"RIFF" + bytes(4) + b"WAVE" + chunk(b"fmt ", b"\1\0\1\0") + chunk(b"data", noise(10)),
    "nothing": b"",
    "a cut header": wav(noise(10))[:30],
    "not WAV": b"OggS" + noise(1000),
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_it_is_what_pyav_says(content: bytes) -> None:
    ours = plain(io.BytesIO(content))
    assert ours is not None
    theirs = audio.load(foreign(content))
    assert ours.dtype == np.float32
    assert np.array_equal(ours, theirs)


def test_both_channels_are_what_pyav_says() -> None:
    ours = plain(io.BytesIO(GOOD["stereo"]), 2)
    assert ours is not None
    assert np.array_equal(ours.reshape(-1, 2), audio.load_channels(foreign(GOOD["stereo"])))
    assert plain(io.BytesIO(GOOD["mono"]), 2) is None


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_everything_else_is_left_where_it_was(content: bytes) -> None:
    file = io.BytesIO(b"before" + content)
    file.seek(6)
    assert plain(file) is None
    assert file.tell() == 6


def test_a_file_of_the_system_and_one_that_is_not() -> None:
    assert plain(foreign(GOOD["mono"])) is None
    assert audio.load(GOOD["mono"]).size == 200_001


def test_too_much_of_it_is_refused_in_the_same_words() -> None:
    for media in (GOOD["mono"], foreign(GOOD["mono"])):
        with pytest.raises(AudioError, match=r"longer than 2 s: cut it into parts"):
            audio.load(media, longest_s=2)
