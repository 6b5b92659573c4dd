"""Speech and its text: laid out whole, pinned by content, and asked for once."""

from __future__ import annotations

import gzip
import io
import tarfile
import wave
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import fetch_speech, wav
from scripts.errors import BuildError
from scripts.tree import tree_sha256
from tests.scripts.conftest import build_backend, sha256

if TYPE_CHECKING:
    from tests.scripts.conftest import Index

PROMPTS = """; a comment

digits/1: one
dir/help: press 0 for help
hello: Hello.
beep: [this is a simple beep tone]
silence/1: (1 second of silence)
not-recorded: Not recorded.
"""
PAGE = """<html><head><title>Sonnet</title></head><body>
<h1><span id="f001">I</span></h1>
<p><span id="f002">From fairest creatures</span><br/><span id="f003">we desire increase,</span></p>
</body></html>"""
PIN = {"suite": "bookworm", "version": "1", "license": "none"}


def recording(path: Path, seconds: float) -> Path:
    """A WAV file, whatever it is called: PyAV looks into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wav.write(path, [b"\1\0" * round(seconds * wav.RATE)])
    return path


class Debian:
    """In place of Debian's archive: packages are folders, copied when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[str]()
        for name in ("digits/1", "dir/help", "hello", "beep", "silence/1"):
            recording(folder / "sounds" / f"{name}.g722", 0.25)
        (folder / "text.gz").write_bytes(gzip.compress(PROMPTS.encode()))
        recording(folder / "novel" / "s-1.wav", 0.5)
        (folder / "novel" / "said").write_text("<s> it was he </s> (s-1)\n")

    def package(self, name: str, suite: str, folder: Path) -> None:
        """Unpack one; all files are in each, which apt would not mind."""
        self.asked.append(f"{name}/{suite}")
        for file in (path for path in self.folder.rglob("*") if path.is_file()):
            target = folder / file.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def sdist(index: Index, folder: Path) -> str:
    """Publish the sdist with two sonnets; return its hash."""
    job = io.BytesIO()
    with zipfile.ZipFile(job, "w") as archive:
        for number in (1, 2):
            archive.writestr(f"assets/p{number}.xhtml", PAGE)
            archive.write(recording(folder / f"{number}.mp3", number / 4), f"assets/p{number}.mp3")
    texts = build_backend("tinyspeech", "1.0").items()
    files = {**{name: text.encode() for name, text in texts}, "job.zip": job.getvalue()}
    path = index.page("tinyspeech") / "tinyspeech-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"tinyspeech-1.0/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return sha256(path)


@pytest.fixture
def debian(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Debian:
    """Both sources, small, and the pins that go with them."""
    made = Debian(tmp_path / "debian")
    pins: dict[str, dict[str, Any]] = {
        "prompts": {**PIN, "packages": ["a", "b"], "audio": "sounds", "text": "text.gz"},
        "novel": {**PIN, "packages": ["c"], "audio": "novel", "text": "novel/said"},
        "sonnets": {
            "requirement": "tinyspeech==1.0",
            "sha256": sdist(index, tmp_path),
            "job": "tinyspeech-1.0/job.zip",
        },
    }
    for name, tree in {"prompts": ["sounds", "text.gz"], "novel": ["novel"]}.items():
        pins[name] |= {"tree": tree, "tree_sha256": tree_sha256(made.folder, tree)}
    monkeypatch.setattr(fetch_speech, "SPEECH", pins)
    # A .g722 file is decoded as such: a WAV file gives some noise here, and its length is all that counts.
    monkeypatch.setattr(fetch_speech, "open_archive", lambda suites, arch, folder: made)
    return made


def seconds(path: Path) -> float:
    """How long a 16 kHz mono file is."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (wav.RATE, 1)
        return float(file.getnframes() / wav.RATE)


def test_every_piece_is_a_recording_with_its_text(debian: Debian, tmp_path: Path) -> None:
    speech = fetch_speech.fetch(tmp_path / "build")
    assert debian.asked == ["a/bookworm", "b/bookworm", "c/bookworm"]
    found = {path.relative_to(speech).as_posix() for path in speech.rglob("*.wav")}
    assert found == {
        "prompts/dir-help.wav",
        "prompts/hello.wav",
        "novel/s-1.wav",
        "sonnets/sonnet-1.wav",
        "sonnets/sonnet-2.wav",
        "long/sonnets.wav",
    }
    assert (speech / "prompts" / "dir-help.txt").read_text() == "press 0 for help\n"
    assert (speech / "novel" / "s-1.txt").read_text() == "it was he\n"
    assert (speech / "sonnets" / "sonnet-2.txt").read_text() == (
        "2.\nFrom fairest creatures\nwe desire increase,\n"
    )
    assert seconds(speech / "sonnets" / "sonnet-2.wav") == pytest.approx(0.5, abs=0.01)
    assert not [path.name for path in speech.iterdir() if path.name in (".sources", ".apt")]


def test_the_long_file_is_all_sonnets_with_pauses(debian: Debian, tmp_path: Path) -> None:
    long = fetch_speech.fetch(tmp_path) / fetch_speech.LONG
    assert seconds(long) == pytest.approx(0.25 + fetch_speech.PAUSE + 0.5, abs=0.01)
    lines = long.with_suffix(".txt").read_text().split()
    assert [word for word in lines if word in ("1.", "2.")] == ["1.", "2."]


def test_nothing_is_asked_for_twice(debian: Debian, index: Index, tmp_path: Path) -> None:
    fetch_speech.fetch(tmp_path)
    index.stop()
    debian.asked.clear()
    fetch_speech.fetch(tmp_path)
    assert debian.asked == []


def test_other_recordings_are_refused_and_nothing_is_left(debian: Debian, tmp_path: Path) -> None:
    (debian.folder / "novel" / "said").write_text("<s> it was she </s> (s-1)\n")
    with pytest.raises(BuildError, match=r"Debian's c \(bookworm\) is not the pinned 1: .* expected .*, got"):
        fetch_speech.fetch(tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []


def test_a_package_without_the_files_is_named(debian: Debian, tmp_path: Path) -> None:
    (debian.folder / "text.gz").unlink()
    with pytest.raises(BuildError, match=r"Debian's a and b .* got no text\.gz"):
        fetch_speech.fetch(tmp_path / "build")
