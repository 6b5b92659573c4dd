"""The karaoke video: frames are decoded and looked at, the sound is compared with the original."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import (
    AudioError,
    Model,
    OptionError,
    OutputError,
    Segment,
    Token,
    Transcript,
    audio,
    karaoke,
)
from pywhispercpp.karaoke.font import load_font
from pywhispercpp.karaoke.pages import pages
from pywhispercpp.karaoke.picture import LIT, TEXT, Painter

av = pytest.importorskip("av", reason="the package's own dependency")
pytest.importorskip("PIL", reason="the extra karaoke")

WIDTH, HEIGHT = 640, 360
Picture = NDArray[np.uint8]


def timed(text: str, t0: int, t1: int) -> Segment:
    """A segment whose words follow each other at even times, in centiseconds."""
    words = text.split()
    step = (t1 - t0) // len(words)
    tokens = tuple(
        Token(n, f" {word}".encode(), 0.9, -0.1, t0 + n * step, t0 + (n + 1) * step)
        for n, word in enumerate(words)
    )
    return Segment(t0, t1, text, tokens=tokens, raw=f" {text}".encode())


def pictures(path: Path, times: list[float]) -> list[Picture]:
    """The frames that are shown at those times, shape (height, width, 3)."""
    found: dict[float, Picture] = {}
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            for time in times:
                if frame.time <= time + 1e-6:
                    found[time] = frame.to_ndarray(format="rgb24")
    return [found[time] for time in times]


def near(picture: Picture, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Where a picture has a colour; encoding changes it a little."""
    distance: NDArray[np.int_] = np.abs(picture.astype(int) - colour).sum(axis=2)
    return distance < 120


def columns(picture: Picture, colour: tuple[int, int, int]) -> tuple[int, int]:
    """First and last column with the colour."""
    found = np.flatnonzero(near(picture, colour).any(axis=0))
    return int(found[0]), int(found[-1])


def test_the_word_that_is_said_is_lit_where_it_stands(tmp_path: Path) -> None:
    said = [timed("one two three", 50, 200), timed("later", 250, 300)]
    sound = np.sin(np.arange(48000) / 8).astype(np.float32) / 2
    karaoke.write(tmp_path / "a.mp4", sound, said, width=WIDTH, height=HEIGHT)

    painter = Painter(load_font(None, HEIGHT // 11, ""), WIDTH, HEIGHT)
    shown = pages(said, painter.length, WIDTH * 9 // 10)
    times = [0.0, 0.6, 1.2, 1.7, 2.2, 2.6]
    before, *lit, gap, last = pictures(tmp_path / "a.mp4", times)
    assert not near(before, LIT).any() and near(before, TEXT).any()
    assert not near(gap, LIT).any()
    for number, picture in enumerate(lit):
        x, _ = painter.place(shown[0], number)
        left, right = columns(picture, LIT)
        assert abs(left - x) < 6
        assert abs(right - (x + painter.length(shown[0].words[number].text))) < 6
        assert near(picture, TEXT).any()  # the other words are there too
    assert near(last, LIT).any() and not near(last, TEXT).any()  # a page of one word


def test_the_sound_is_that_of_the_file(model: Model, jfk: Path, tmp_path: Path) -> None:
    heard = model.transcribe(jfk, token_timestamps=True)
    karaoke.write(tmp_path / "a.mp4", jfk, heard, width=320, height=180)
    original, copy = audio.load(jfk), audio.load(tmp_path / "a.mp4")
    assert abs(copy.size - original.size) < 3200
    size = min(copy.size, original.size) - 4000
    shifts = {
        shift: float(np.corrcoef(original[2000:size], copy[2000 + shift : size + shift])[0, 1])
        for shift in range(-64, 2049, 32)
    }
    assert max(shifts.values()) > 0.9
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert {stream.type for stream in container.streams} == {"audio", "video"}
        assert abs(container.duration / 1e6 - heard.duration) < 0.3

    word = next(word for segment in heard for word in segment.words if word.text.startswith("country"))
    before, at = pictures(tmp_path / "a.mp4", [0.0, (word.start + word.end) / 2])
    assert not near(before, LIT).any()
    assert near(at, LIT).any()


def test_long_text_is_wrapped_and_paged() -> None:
    painter = Painter(load_font(None, 30, ""), WIDTH, HEIGHT)
    shown = pages([timed(" ".join(["word"] * 100) + " " + "w" * 200, 0, 20000)], painter.length, 576)
    assert len(shown) > 1
    assert sum(len(page.words) for page in shown) > 101
    for page in shown:
        assert len(page.widths) <= 4
        assert max(page.widths) <= 576
    starts = [page.start for page in shown]
    assert starts == sorted(starts)
    assert shown[0].words[0].text == "word"


def test_right_to_left_words_stand_right_to_left() -> None:
    painter = Painter(load_font(None, 30, ""), WIDTH, HEIGHT)
    (page,) = pages([timed("שלום עולם", 0, 100)], painter.length, 576)
    first, second = sorted(page.words, key=lambda word: word.start)
    assert first.text == "שלום"
    assert first.x > second.x


def test_a_stream_that_is_stereo_stays_stereo(tmp_path: Path) -> None:
    samples = (np.random.default_rng(1).normal(size=(44100, 2)) * 3000).astype("<i2")
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(samples.tobytes())
    karaoke.write(
        tmp_path / "a.mp4", (tmp_path / "a.wav").read_bytes(), [timed("a", 0, 50)], width=64, height=64
    )
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.audio[0]
        assert (stream.layout.name, stream.rate) == ("stereo", 44100)


def test_nothing_said_is_an_empty_picture(tmp_path: Path) -> None:
    karaoke.write(tmp_path / "a.mp4", np.zeros(16000, np.float32), Transcript(), width=64, height=64)
    (picture,) = pictures(tmp_path / "a.mp4", [0.5])
    assert not near(picture, TEXT).any()


def test_what_cannot_be_is_said_and_leaves_no_file(tmp_path: Path, jfk: Path) -> None:
    said = [timed("a", 0, 50)]
    (tmp_path / "no.wav").write_bytes(b"no audio" * 100)
    with pytest.raises(OptionError, match="token_timestamps"):
        karaoke.write(tmp_path / "a.mp4", jfk, [Segment(0, 100, "no words")])
    with pytest.raises(OptionError, match="no font"):
        karaoke.write(tmp_path / "a.mp4", jfk, said, font_path=jfk)
    with pytest.raises(OptionError, match="even numbers"):
        karaoke.write(tmp_path / "a.mp4", jfk, said, width=63)
    with pytest.raises(AudioError):
        karaoke.write(tmp_path / "a.mp4", tmp_path / "no.wav", said)
    with pytest.raises(OutputError, match="folder"):
        karaoke.write(tmp_path, jfk, said)
    with pytest.raises(OutputError, match="No space left"):
        karaoke.write("/dev/full", jfk, said, width=64, height=64)
    assert [path.name for path in tmp_path.iterdir()] == ["no.wav"]


def test_a_font_without_the_letters_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load_font(None, 20, "abc \U00012000")  # cuneiform
    assert "\U00012000" in caplog.text and "a," not in caplog.text
    caplog.clear()
    load_font(None, 20, "It's 50 % of it!")
    assert caplog.text == ""


def test_without_pillow_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from pywhispercpp import karaoke\n"
        "from pywhispercpp.errors import MissingPackageError\n"
        "try:\n    karaoke.write('a.mp4', 'a.wav', [])\n"
        "except MissingPackageError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'pywhispercpp[karaoke]'" in done.stdout
