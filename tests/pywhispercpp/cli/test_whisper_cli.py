"""The command line beside whisper-cli itself: same sources, same model, same audio, same bytes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp.cli import build_parser
from pywhispercpp.cli.line import commands
from wheels.whisper_tool import CLI, NotHereError

# A smaller window of the encoder, where it does not matter: half the time.
SHORT = ("-ac", "512")
FORMATS = ("txt", "vtt", "srt", "csv", "json", "lrc", "score.txt", "wts")
FLAGS = ("-otxt", "-ovtt", "-osrt", "-ocsv", "-ojf", "-olrc", "-ls", "-owts")
WITHOUT_TOKENS = ("-otxt", "-ovtt", "-osrt", "-ocsv", "-oj", "-olrc", "-ls")


@pytest.fixture(scope="session")
def whisper_cli() -> Path:
    """whisper-cli, made once."""
    try:
        return CLI.build()
    except NotHereError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def vad_model(whisper_cli: Path) -> Path:
    """The Silero model of whisper.cpp's own tests."""
    return whisper_cli.parent / "sources" / "models" / "for-tests-silero-v6.2.0-ggml.bin"


@pytest.fixture
def font(tmp_path: Path) -> Path:
    """A file that may be read: whisper-cli wants no more of a font."""
    path = tmp_path / "mono.ttf"
    path.touch()
    return path


def ran(program: list[str], arguments: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a program in a folder of its own, with one thread for both the same."""
    folder.mkdir(exist_ok=True)
    command = [*program, "-t", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=True)


class Both:
    """Runs whisper-cli and pywhispercpp with the same arguments and compares what they write."""

    def __init__(self, whisper_cli: Path, model: Path, folder: Path) -> None:
        self.folders = folder / "theirs", folder / "ours"
        self._programs = [str(whisper_cli)], [sys.executable, "-m", "pywhispercpp"]
        self._model = str(model)

    def run(self, *arguments: str) -> tuple[subprocess.CompletedProcess[bytes], ...]:
        """What each said; files of -of NAME lie in each one's folder."""
        common = ["-m", self._model, *arguments]
        return tuple(ran(p, common, f) for p, f in zip(self._programs, self.folders))

    def compare(self, *arguments: str, but: tuple[str, ...] = ()) -> dict[str, bytes]:
        """Run, and compare standard output and every file that whisper-cli wrote; return its files."""
        theirs, ours = self.run(*arguments, "-of", "out")
        assert ours.stdout.strip(b"\n") == theirs.stdout.strip(b"\n")
        assert ours.stderr == b""
        found = {path.name: path.read_bytes() for path in sorted(self.folders[0].iterdir())}
        assert sorted(path.name for path in self.folders[1].iterdir()) == sorted(found)
        for name, content in found.items():
            own = (self.folders[1] / name).read_bytes()
            if name not in but:
                assert own == content, name
        return found


@pytest.fixture
def both(whisper_cli: Path, tiny_en: Path, tmp_path: Path) -> Both:
    """Both programs."""
    return Both(whisper_cli, tiny_en, tmp_path)


def test_every_format(both: Both, jfk: Path, font: Path) -> None:
    files = both.compare("-f", str(jfk), *FLAGS, "-fp", str(font))
    assert sorted(files) == sorted(f"out.{one}" for one in FORMATS)
    assert b"country" in files["out.txt"]
    assert len(json.loads(files["out.json"])["transcription"][0]["tokens"]) > 5


def test_another_recording_with_an_offset(both: Both, sonnet: Path) -> None:
    files = both.compare(
        "-f", str(sonnet), *WITHOUT_TOKENS, "-ac", "400", "-d", "7000", "-ot", "1500", "-on", "4"
    )
    assert files["out.srt"].startswith(b"5\n00:00:0")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-ml", "16", "-sow"],
        ["-ml", "1"],
        ["-bs", "1", "-nf", "-tdrz"],
        ["-ps", "-mc", "0", "--prompt", "-A speech:"],
        ["-dtw", "tiny.en", "-nfa"],
        ["--grammar", 'root ::= " And so" [a-zA-Z, ]+ "."', "--grammar-rule", "root"],
    ],
    ids=["lines", "words", "greedy", "special", "dtw", "grammar"],
)
def test_options(both: Both, jfk: Path, arguments: list[str]) -> None:
    both.compare("-f", str(jfk), *SHORT, *arguments, "-otxt", "-osrt", "-ojf", "-olrc")


@pytest.mark.parametrize("arguments", [["-nt"], ["-nt", "-ps"]])
def test_without_timestamps(both: Both, jfk: Path, arguments: list[str]) -> None:
    both.compare("-f", str(jfk), *SHORT, *arguments, "-otxt", "-oj")


def test_voice_activity(both: Both, jfk: Path, vad_model: Path) -> None:
    both.compare("-f", str(jfk), "--vad", "-vm", str(vad_model), "-vp", "60", "-otxt", "-osrt", "-oj")


def test_speakers_of_two_channels(
    whisper_cli: Path, tiny_en: Path, jfk: Path, tmp_path: Path, font: Path
) -> None:
    # whisper-cli hears the sum of the channels with -di, pywhispercpp their mean: it gets the double here.
    with wave.open(str(jfk)) as file:
        mono = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    half = mono.size // 2
    frames = np.stack([mono, mono], axis=1) // 8
    frames[:half, 1] //= 4
    frames[half:, 0] //= 4
    for name, factor in (("theirs", 1), ("ours", 2)):
        (tmp_path / name).mkdir()
        with wave.open(str(tmp_path / name / "two.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes((frames * factor).astype("<i2").tobytes())
    both = Both(whisper_cli, tiny_en, tmp_path)
    files = both.compare("-f", "two.wav", "-di", "-ac", "600", *FLAGS, "-fp", str(font), but=("two.wav",))
    assert b"<v Speaker0>" in files["out.vtt"] and b"<v Speaker1>" in files["out.vtt"]
    assert b"start,end,speaker,text" in files["out.csv"]


@pytest.mark.parametrize("flag", ["-pc", "--print-confidence"])
def test_colours(both: Both, jfk: Path, flag: str) -> None:
    theirs = ran(
        [str(both._programs[0][0])], ["-m", both._model, "-f", str(jfk), *SHORT, flag], both.folders[0]
    )
    colour = [*both._programs[1], "transcribe", "--color", "always"]
    ours = ran(colour, ["-m", both._model, "-f", str(jfk), *SHORT, flag], both.folders[1])
    assert b"\033[" in theirs.stdout
    assert ours.stdout.strip() == theirs.stdout.strip()


def test_progress(both: Both, jfk: Path) -> None:
    theirs, ours = both.run("-f", str(jfk), *SHORT, "-pp")
    wanted = [line for line in theirs.stderr.splitlines() if b"progress = " in line]
    assert wanted
    assert ours.stderr.splitlines() == wanted


def test_one_format_to_standard_output(both: Both, jfk: Path) -> None:
    theirs, ours = both.run("-f", str(jfk), "-of", "-", "-osrt", *SHORT)
    assert b"-->" in theirs.stdout
    assert ours.stdout == theirs.stdout
    assert ours.stderr == b""


def test_every_option_of_whisper_cli_is_known(whisper_cli: Path) -> None:
    """Those of its usage text, and as its source has them: names of one option, and which take a value."""
    text = subprocess.run([whisper_cli, "-h"], capture_output=True, text=True, check=True).stderr
    shown = {
        name
        for line in text.splitlines()
        for name in re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", line.partition("[")[0])
    }
    source = (whisper_cli.parent / "sources/examples/cli/cli.cpp").read_text(encoding="utf-8")
    read = [(re.findall(r'arg == "(-[^"]+)"', line), "ARGV_NEXT" in line) for line in source.splitlines()]
    options = [(names, takes_value) for names, takes_value in read if names]
    assert len(shown) > 100
    assert shown <= {name for names, _ in options for name in names}
    assert len(options) > 60

    parser = commands(build_parser())["transcribe"]
    for names, takes_value in options:
        actions = {parser._option_string_actions[name].dest for name in names}
        assert len(actions) == 1, names
        action = parser._option_string_actions[names[0]]
        assert (action.nargs is None) == takes_value, names


def test_what_is_left_of_whisper_cli_is_not_in_the_folder(both: Both, jfk: Path) -> None:
    """Files lie beside the input without -of, under its whole name."""
    for folder in both.folders:
        folder.mkdir(exist_ok=True)
        shutil.copy(jfk, folder / "talk.wav")
    both.run("talk.wav", "-osrt", *SHORT)
    names = [sorted(path.name for path in folder.iterdir()) for folder in both.folders]
    assert names[0] == names[1] == ["talk.wav", "talk.wav.srt"]
