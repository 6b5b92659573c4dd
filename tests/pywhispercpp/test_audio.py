"""Anything that is audio becomes float32 mono 16 kHz; anything that is not becomes an AudioError."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Callable

import numpy as np
import pytest

from pywhispercpp import AudioError, AudioNotFoundError, PywhispercppError, audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

TONE = np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000).astype(np.float32) / 2


def _is_whisper_audio(samples: NDArray[Any]) -> bool:
    return samples.dtype == np.float32 and samples.ndim == 1 and bool(samples.flags.c_contiguous)


def test_a_path_bytes_and_a_file_object_are_the_same_audio(jfk: Path) -> None:
    by_path = audio.load(jfk)
    assert _is_whisper_audio(by_path) and by_path.shape == (176000,)
    assert np.array_equal(by_path, audio.load(str(jfk)))
    assert np.array_equal(by_path, audio.load(jfk.read_bytes()))
    with jfk.open("rb") as file:
        assert np.array_equal(by_path, audio.load(file))


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192000])
def test_any_rate_is_resampled(wav: Callable[..., Path], rate: int) -> None:
    seconds = np.arange(rate) / rate
    samples = audio.load(wav(np.sin(seconds * 2 * np.pi * 440).astype(np.float32) / 2, rate))
    assert abs(samples.size - 16000) <= 40
    spectrum = np.abs(np.fft.rfft(samples[:16000], 16000))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_channels_become_their_mean(wav: Callable[..., Path], channels: int) -> None:
    frames = np.zeros((16000, channels), np.float32)
    frames[:, 0] = 0.8
    samples = audio.load(wav(frames))
    assert samples[8000] == pytest.approx(0.8 / channels, abs=1e-3)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_both_channels_of_a_stereo_file(wav: Callable[..., Path], rate: int) -> None:
    seconds = np.arange(rate) / rate
    left = np.sin(seconds * 2 * np.pi * 440).astype(np.float32) / 2
    path = wav(np.stack([left, np.zeros_like(left)], axis=1), rate)
    both = audio.load_channels(path)
    assert both.dtype == np.float32 and both.flags.c_contiguous and both.shape[1] == 2
    assert abs(len(both) - 16000) <= 40
    assert both[:, 0].max() == pytest.approx(0.5, abs=0.01) and not both[:, 1].any()
    assert np.array_equal(both.mean(axis=1, dtype=np.float32), audio.load(path))
    assert np.array_equal(both, audio.load_channels(path.read_bytes()))


def test_two_channels_of_an_array() -> None:
    both = np.stack([TONE, -TONE], axis=1)
    assert audio.load_channels(both) is both
    assert np.array_equal(audio.load_channels(both.astype(np.float64)), both)
    with pytest.raises(AudioError, match=r"sample 1 \("):
        audio.load_channels(np.array([[0, 0], [0, np.nan]], np.float32))
    for shape in ((9,), (2, 9), (9, 3), (0, 2), (9, 2, 1)):
        with pytest.raises(AudioError):
            audio.load_channels(np.zeros(shape, np.float32))


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_a_file_without_two_channels_has_no_left_and_right(wav: Callable[..., Path], channels: int) -> None:
    with pytest.raises(AudioError, match=f"2 channels are needed, it has {channels}"):
        audio.load_channels(wav(np.zeros((16000, channels), np.float32)))


def test_a_file_name_need_not_be_utf_8(wav: Callable[..., Path], tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    os.rename(wav(TONE), odd)  # noqa: PTH104
    assert audio.load(Path(os.fsdecode(odd))).size == 48000
    assert audio.load(os.fsdecode(odd)).size == 48000


def test_a_title_need_not_be_utf_8(wav: Callable[..., Path], tmp_path: Path) -> None:
    title = b"INFOINAM\x04\0\0\0M\xfcll"  # Latin-1, as old players wrote it
    titled = tmp_path / "titled.wav"
    titled.write_bytes(wav(TONE).read_bytes() + b"LIST" + len(title).to_bytes(4, "little") + title)
    assert audio.load(titled).size == 48000


def _bad_files(folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in ("empty.wav", "noise.mp3", "text.wav", "header.wav")}
    files["empty.wav"].touch()
    files["noise.mp3"].write_bytes(np.random.default_rng(1).bytes(2000))
    files["text.wav"].write_text("this is no audio\n" * 50)
    files["header.wav"].write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    playlist = folder / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{folder}/other.ts\n#EXT-X-ENDLIST\n")
    return {**files, "directory": folder, "list.m3u8": playlist}


@pytest.mark.parametrize(
    "name", ["empty.wav", "noise.mp3", "text.wav", "header.wav", "directory", "list.m3u8"]
)
def test_a_bad_file_is_named(tmp_path: Path, name: str) -> None:
    path = _bad_files(tmp_path)[name]
    with pytest.raises(AudioError) as caught:
        audio.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_a_file_not_found_error_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such audio file") as caught:
        audio.load(tmp_path / "none.wav")
    assert isinstance(caught.value, (AudioNotFoundError, PywhispercppError))


def test_a_wav_without_samples_is_an_error(wav: Callable[..., Path]) -> None:
    with pytest.raises(AudioError, match="no audio"):
        audio.load(wav(np.zeros(0, np.float32)))


def test_video_without_sound_is_an_error(tmp_path: Path) -> None:
    import av

    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="no audio stream"):
        audio.load(path)


def test_half_an_audio_file_is_what_is_in_it(jfk: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.wav"
    half.write_bytes(jfk.read_bytes()[:176000])
    assert audio.load(half).size == pytest.approx(88000, abs=200)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_floating_point_arrays_are_taken(dtype: str) -> None:
    samples = audio.load(TONE.astype(dtype)[::2])
    assert _is_whisper_audio(samples)
    assert np.allclose(samples, TONE[::2], atol=1e-3)


def test_a_good_array_is_not_copied() -> None:
    assert np.shares_memory(audio.load(TONE), TONE)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(9, np.int16), "int16"),
        (np.zeros(9, np.complex64), "complex64"),
        (np.array([None, 1]), "object"),
        (np.array(["a"]), "<U1"),
        (np.zeros((2, 9), np.float32), "shape"),
        (np.array(1, np.float32), "shape"),
        (np.zeros(0, np.float32), "empty"),
        (np.array([0, np.nan], np.float32), "sample 1"),
        (np.array([0, 0, np.inf], np.float32), "sample 2"),
        (np.array([-np.inf], np.float64), "sample 0"),
        (np.array([1e300]), "sample 0"),
    ],
)
def test_an_array_that_is_no_audio_says_why(array: NDArray[Any], message: str) -> None:
    with pytest.raises(AudioError, match=message):
        audio.load(array)


@pytest.mark.parametrize("media", [None, 5, [0.0, 0.1], object(), io.StringIO("text")])
def test_other_things_are_no_audio(media: object) -> None:
    with pytest.raises(AudioError):
        audio.load(media)  # type: ignore[arg-type]


class _Broken(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        raise OSError(f"the disk is gone, {size} bytes were wanted")


class _Closed(io.BytesIO):
    def __init__(self) -> None:
        super().__init__(b"RIFF")
        self.close()


@pytest.mark.parametrize("file", [_Broken(), _Closed()], ids=["broken", "closed"])
def test_a_file_object_that_fails_is_an_audio_error(file: IO[bytes]) -> None:
    with pytest.raises(AudioError, match="damaged"):
        audio.load(file)
