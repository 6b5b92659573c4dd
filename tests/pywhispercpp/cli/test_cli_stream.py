"""`pywhispercpp stream`: files, raw pipes and file pipes, JSON, a terminal, Ctrl-C; errors in one line."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp import audio
from pywhispercpp.cli import main

LINE = re.compile(r"^\[00:00:\d\d\.\d{3} --> 00:00:\d\d\.\d{3}\]  \S.*$")
FAST = ["-t", "1", "-ac", "768", "-nf", "--step", "0"]


@pytest.fixture
def start(tiny_en: Path, silero: Path) -> list[str]:
    """A command line that needs its source only."""
    return ["stream", "-m", str(tiny_en), "--vad-model", str(silero), *FAST]


@pytest.fixture
def short(jfk: Path, tmp_path: Path) -> Path:
    """The first four seconds."""
    with wave.open(str(jfk)) as file, wave.open(str(tmp_path / "short.wav"), "wb") as target:
        target.setparams(file.getparams())
        target.writeframes(file.readframes(16000 * 4))
    return tmp_path / "short.wav"


def process(start: list[str], *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pywhispercpp", *start, *arguments]


def test_a_file_gives_a_line_for_each_utterance(
    start: list[str], jfk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.txt"
    assert main([*start, "-f", str(notes), str(jfk)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) >= 2
    assert all(LINE.match(line) for line in out.splitlines()), out
    assert "fellow american" in out.lower()
    assert notes.read_text() == out
    assert main([*start, "-nt", "--energy-vad", "--length", "5000", str(jfk)]) == 0
    plain = capsys.readouterr().out
    assert "-->" not in plain
    assert "country" in plain


def test_raw_samples_from_standard_input(start: list[str], jfk: Path) -> None:
    samples = audio.load(jfk)[: 16000 * 4]
    for kind, data in (
        ("s16le", (samples * 32767).astype("<i2").tobytes()),
        ("f32le", samples.astype("<f4").tobytes()),
    ):
        command = process(start, "-nt", "--no-vad", "--raw", kind, "-")
        done = subprocess.run(command, input=data, capture_output=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"fellow american" in done.stdout.lower()


def test_a_file_from_standard_input_as_json(start: list[str], short: Path) -> None:
    start = [*start, "--step", "1000"]
    with short.open("rb") as file:
        command = process(start, "--json", "-")
        done = subprocess.run(command, stdin=file, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    last = max(one["number"] for one in events)
    assert [one["number"] for one in events if one["final"]] == list(range(last + 1))
    assert not all(one["final"] for one in events)
    first = next(one for one in events if one["final"])
    assert " ".join(word["text"] for word in first["words"]) == first["text"]
    assert first["start"] <= first["words"][0]["start"] <= first["words"][0]["end"]


def test_a_terminal_shows_unfinished_text_and_rewrites_it(start: list[str], short: Path) -> None:
    main_end, other_end = pty.openpty()
    command = process(start, "--step", "1000", "-nt", str(short))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(command, stdout=other_end, stderr=subprocess.PIPE, env=environment) as run:
        os.close(other_end)
        shown = b""
        while True:
            try:
                part = os.read(main_end, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        assert run.wait(60) == 0
    os.close(main_end)
    assert b"\x1b[2K" in shown, "a line is rewritten"
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert plain.lower().count("fellow american") >= 2, "unfinished, then finished"


def test_what_was_heard_is_saved(
    start: list[str],
    jfk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*start, "--no-vad", "-sa", str(jfk)]) == 0
    assert "country" in capsys.readouterr().out
    (saved,) = tmp_path.glob("*.wav")
    with wave.open(str(saved)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16000, 1, 176000)
    assert np.abs(audio.load(saved) - audio.load(jfk)).max() < 1e-3


def test_ctrl_c_ends_the_source_and_loses_nothing(start: list[str], jfk: Path) -> None:
    endless = process([one for one in start if one != "-nf"], "--realtime", "-nt", "--raw", "s16le", "-")
    pcm = (audio.load(jfk)[: 16000 * 4] * 32767).astype("<i2").tobytes()
    with subprocess.Popen(
        [*endless, "--step", "500"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=False,
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(pcm + bytes(32000 * 3))
        run.stdin.flush()
        assert b"fellow" in run.stdout.readline().lower(), "the first utterance has ended"
        run.stdin.write(pcm)
        run.stdin.flush()
        run.send_signal(signal.SIGINT)
        run.stdin.close()
        rest = run.stdout.read()
        assert run.wait(120) == 130
    assert b"fellow" in rest.lower(), "what was said is still printed"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.wav"], 1, "none.wav: there is no such audio file"),
        ([".", "--no-vad"], 1, "is a directory"),
        (["-c", "1", "a.wav"], 2, "only one can be"),
        (["--raw", "s16le"], 2, "are for a FILE"),
        (["--length", "99999", "a.wav"], 1, "length_ms=99999"),
        (["-vth", "2", "a.wav"], 1, "threshold=2"),
        (["--offset-ms", "10", "a.wav"], 1, "offset_ms: not in a stream"),
        (["-f", "no/such/folder.txt", "a.wav"], 1, "cannot be written"),
        (["cut.raw", "--raw", "s16le", "--no-vad"], 1, "ends inside a sample"),
        (["empty.wav"], 1, "empty.wav"),
    ],
)
def test_a_bad_line_is_one_line_of_error(
    start: list[str],
    jfk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").symlink_to(jfk)
    (tmp_path / "cut.raw").write_bytes(bytes(3201))
    (tmp_path / "empty.wav").write_bytes(b"")
    assert main([*start, *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
