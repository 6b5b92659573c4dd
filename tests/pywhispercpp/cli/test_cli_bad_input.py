"""Nonsense on the command line, places that take no files: one clear line, exit 1 or 2, no half a file."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pywhispercpp import audio
from pywhispercpp.cli import build_parser, main
from tests.fuzzing import tries

LIMIT = 300  # seconds for one command
NO_TEXT = "\udcff"  # what Python makes of a byte that is no UTF-8
NOWHERE = "/no/such/place"
# What is no value of a flag; where a flag is not here, "abc" is none.
NONSENSE = {
    "files": NOWHERE,
    "more": None,  # a second file: test_cli_transcribe.py
    "output_file": NOWHERE + "/name",
    "karaoke": NOWHERE + "/name.mp4",
    "font_path": NOWHERE,
    "model": NOWHERE,
    "models_dir": None,  # a folder that is not there would be made
    "device": None,  # of OpenVINO, or of a GPU that is not there: not looked at
    "ov_e_device": None,
    "openvino_model_path": None,
    "openvino_cache_dir": None,
    "dtw": "no-such-model",
    "initial_prompt": NO_TEXT,
    "suppress_regex": "(",
    "grammar": "(",
    "grammar_rule": "no-such-rule",
    "vad_model_path": NOWHERE,
}
# What must be given besides, so that the flag counts.
BESIDES = {
    "output_file": ["-osrt"],
    "font_path": ["--karaoke", "out.mp4"],
    "grammar_rule": ["--grammar", 'root ::= "a"'],
    "vad_model_path": ["--vad"],
}


def _flags(command: str) -> list[argparse.Action]:
    (commands,) = (one for one in build_parser()._actions if isinstance(one, argparse._SubParsersAction))
    return [one for one in commands.choices[command]._actions if one.nargs != 0 and one.option_strings]


FLAGS = [
    pytest.param(one.option_strings[-1], one.dest, NONSENSE.get(one.dest, "abc"), id=one.dest)
    for one in _flags("transcribe")
    if NONSENSE.get(one.dest, "abc") is not None
]
NUMBERS = [
    pytest.param(one.option_strings[-1], value, id=f"{one.dest}={value}")
    for one in _flags("transcribe")
    if one.type in (int, float)
    for value in ("nan", "1e999", "9" * 30, "")
]


def code_of(arguments: list[str]) -> int:
    """What the process would end with."""
    try:
        return main(arguments)
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        return ended.code


def expect_one_line(code: int, errors: str) -> None:
    """A failure that is told in one line, after a usage line at most."""
    assert code in (1, 2), errors
    lines = errors.strip().splitlines()
    told = [line for line in lines if line.startswith("pywhispercpp")]
    assert len(told) == 1 and lines[-1] == told[0], errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(("flag", "dest", "value"), FLAGS)
def test_nonsense_for_a_flag(
    flag: str,
    dest: str,
    value: str,
    jfk: Path,
    tiny_en: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given_model = [] if dest == "model" else ["-m", str(tiny_en)]
    code = code_of(["transcribe", str(jfk), *given_model, *BESIDES.get(dest, []), flag, value])
    expect_one_line(code, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("flag", "value"), NUMBERS)
def test_numbers_that_are_none(
    flag: str, value: str, jfk: Path, tiny_en: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_of(["transcribe", str(jfk), "-m", str(tiny_en), "-t", "1", "-d", "100", flag, value])
    if code:  # some options take any finite number
        expect_one_line(code, capsys.readouterr().err)
    else:
        assert value == "9" * 30


WORDS = st.one_of(
    st.text(max_size=12),
    st.binary(max_size=6).map(os.fsdecode),
    st.sampled_from(["-", "--", "-1", "0", "1e999", NOWHERE, "=", "-of", "--vad", "-h", "--color=always"]),
)
ALL_FLAGS = [
    name
    for command in ("transcribe", "batch", "stream", "bench")
    for one in _flags(command)
    for name in one.option_strings
]


@tries(150)
@given(
    command=st.sampled_from(["transcribe", "batch", "stream", "bench", "info", "models", ""]),
    words=st.lists(st.one_of(WORDS, st.sampled_from(ALL_FLAGS)), max_size=6),
)
def test_words_of_any_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # a word may be a folder for results
    # The last -m counts: nothing is ever downloaded or transcribed.
    line = [*([command] if command else []), *words, "-m", NOWHERE]
    if "download" not in words:
        assert code_of(line) in (0, 1, 2)


@pytest.mark.parametrize("flag", ["-dev", "-m", "-t", "-of"])
def test_two_dashes_are_no_value(flag: str, jfk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = code_of(["transcribe", flag, "--", str(jfk)])
    expect_one_line(code, capsys.readouterr().err)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "pywhispercpp", *map(os.fsdecode, map(str, arguments))]


def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        "timeout": LIMIT,
        **more,
    }
    return subprocess.run(command(*arguments), check=False, errors="surrogateescape", **options)


def quick(audio_file: object, model: Path) -> list[object]:
    """A transcription of two seconds."""
    return ["transcribe", audio_file, "-m", model, "-t", 1, "-bs", 1, "-d", 2000]


@pytest.fixture
def speech_file(jfk: Path, tmp_path: Path) -> Path:
    """A copy of the speech, with room for files beside it."""
    return Path(shutil.copy(jfk, tmp_path / "speech.wav"))


def test_a_full_standard_output(speech_file: Path, tiny_en: Path) -> None:
    with Path("/dev/full").open("w") as full:
        for more in ([], ["-of", "-", "-osrt"]):
            done = run(*quick(speech_file, tiny_en), *more, stdout=full)
            expect_one_line(done.returncode, done.stderr)
            assert "No space left" in done.stderr


def test_a_folder_that_takes_no_files(speech_file: Path, tiny_en: Path) -> None:
    done = run(*quick(speech_file, tiny_en), "-osrt", "-of", "/proc/name")
    expect_one_line(done.returncode, done.stderr)
    assert "/proc/name.srt" in done.stderr


@pytest.fixture(params=["size=16k", "ro"])
def small_place(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The start of a command that has a folder `full` of its own: with no room left, or read-only."""
    folder = tmp_path / "full"
    folder.mkdir()
    fill = "head -c 16384 /dev/zero > full/big" if request.param != "ro" else "true"
    mount = f"mount -t tmpfs -o {request.param} none {folder} && {fill}"
    start = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "sh", "-c"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*start, mount], check=False, cwd=tmp_path).returncode
    ):
        pytest.skip("a mount of one's own is not permitted here")
    return [*start, f'{mount} && "$@" && ls -A {folder}; code=$?; ls -A {folder}; exit $code', "sh"]


def test_a_full_or_read_only_disk(
    speech_file: Path, tiny_en: Path, small_place: list[str], tmp_path: Path
) -> None:
    line = command(*quick(speech_file, tiny_en), "-np", "-ojf", "-of", tmp_path / "full" / "name")
    done = subprocess.run(
        [*small_place, *line], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=LIMIT
    )
    expect_one_line(done.returncode, done.stderr)
    assert "name.json: cannot be written" in done.stderr
    assert "name" not in done.stdout and ".part" not in done.stdout  # nothing half-written


def test_names_that_are_not_utf_8(speech_file: Path, tiny_en: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    os.rename(speech_file, odd)  # noqa: PTH104
    done = run(*quick(os.fsdecode(odd), tiny_en), "-osrt", "-ojf", "-v")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(os.fsencode(tmp_path))) == [  # noqa: PTH208
        b"\xff\xfe.wav",
        b"\xff\xfe.wav.json",
        b"\xff\xfe.wav.srt",
    ]
    missing = run(*quick(NOWHERE + NO_TEXT, tiny_en))
    expect_one_line(missing.returncode, missing.stderr)


def test_two_processes_that_write_the_same_file(speech_file: Path, tiny_en: Path, tmp_path: Path) -> None:
    line = command(*quick(speech_file, tiny_en), "-osrt", "-ojf")
    both = [subprocess.Popen(line, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(LIMIT) for one in both] == [0, 0]
    alone = tmp_path / "alone"
    assert run(*quick(speech_file, tiny_en), "-osrt", "-of", alone).returncode == 0
    assert (tmp_path / "speech.wav.srt").read_text() == alone.with_suffix(".srt").read_text() != ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alone.srt",
        "speech.wav",
        "speech.wav.json",
        "speech.wav.srt",
    ]


@pytest.fixture
def long_speech(speech_file: Path, wav: Any) -> Path:  # noqa: ANN401
    """Speech of some minutes."""
    path: Path = wav(np.tile(audio.load(speech_file), 20), name="long.wav")
    return path


def test_a_long_silence_is_no_words(
    wav: Any,  # noqa: ANN401
    tiny_en: Path,
    silero: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = wav(np.zeros(600 * 16000, np.float32))
    assert main(["transcribe", str(quiet), "-m", str(tiny_en), "--vad", "-vm", str(silero), "-t", "1"]) == 0
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_in_the_middle(long_speech: Path, tiny_en: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    line = command("transcribe", long_speech, "-m", tiny_en, "-t", 1, "-bs", 1, "-osrt", "-oj")
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and "-->" in process.stdout.readline()  # the work has begun
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert errors == "pywhispercpp: interrupted\n"
    assert sorted(tmp_path.iterdir()) == before


def test_a_reader_that_goes_away(long_speech: Path, tiny_en: Path) -> None:
    line = command("transcribe", long_speech, "-m", tiny_en, "-t", 1, "-bs", 1, "-d", 60000)
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and "-->" in process.stdout.readline()
    process.stdout.close()
    with process:
        assert process.stderr is not None and process.stderr.read() == ""
        assert process.wait(LIMIT) == 0


def test_a_standard_input_that_is_closed_or_empty(tiny_en: Path) -> None:
    closed = ["sh", "-c", '"$@" <&-', "sh", *command("transcribe", "-", "-m", tiny_en)]
    done = subprocess.run(closed, check=False, capture_output=True, text=True, timeout=LIMIT)
    expect_one_line(done.returncode, done.stderr)
    empty = run("transcribe", "-", "-m", tiny_en, stdin=subprocess.DEVNULL)
    expect_one_line(empty.returncode, empty.stderr)


def test_outputs_that_are_closed(speech_file: Path, tiny_en: Path) -> None:
    line = ["sh", "-c", '"$@" >&-', "sh", *command(*quick(speech_file, tiny_en), "-osrt")]
    done = subprocess.run(line, check=False, stderr=subprocess.PIPE, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "-->" in speech_file.with_name("speech.wav.srt").read_text()


@pytest.mark.parametrize("line", ["models list", "info"])
def test_other_commands_on_a_full_or_closed_output(line: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(*line.split(), stdout=full)
    expect_one_line(done.returncode, done.stderr)
    closed = ["sh", "-c", '"$@" >&-', "sh", *command(*line.split())]
    done = subprocess.run(closed, check=False, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "")
