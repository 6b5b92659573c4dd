"""`pywhispercpp transcribe`: the lines it prints, its exit codes, and one bad file among good ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pywhispercpp import __version__
from pywhispercpp.cli import main

LINE = re.compile(r"^\[00:00:\d\d\.\d{3} --> 00:00:\d\d\.\d{3}\]   \S.*$")


def test_lines_are_those_of_whisper_cli(jfk: Path, tiny_en: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", str(jfk), "-m", str(tiny_en), "-t", "1"]) == 0
    out, err = capsys.readouterr()
    assert all(LINE.match(line) for line in out.splitlines())
    assert out.startswith("[00:00:00.000 --> ")
    assert "country" in out
    assert err == ""


def test_a_bad_file_does_not_stop_the_others(
    jfk: Path, tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.wav"
    code = main(
        ["transcribe", str(missing), str(tmp_path), str(jfk), "-m", str(tiny_en), "-nt", "-t1", "-d", "5000"]
    )
    out, err = capsys.readouterr()
    assert code == 1
    assert str(missing) in err
    assert "directory" in err
    assert "fellow" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["-t", "0"], "n_threads"), (["-l", "xx"], "language"), (["-tp", "nan"], "temperature")],
)
def test_a_bad_option_is_one_line(
    jfk: Path, tiny_en: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["transcribe", str(jfk), "-m", str(tiny_en), *arguments]) == 1
    err = capsys.readouterr().err
    assert err.startswith("pywhispercpp: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["transcribe"], ["dance"], ["transcribe", "x.wav", "-t", "many"]])
def test_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_process_of_its_own(jfk: Path, tiny_en: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pywhispercpp",
        "transcribe",
        str(jfk),
        "-m",
        str(tiny_en),
        "-t2",
        "-d",
        "4000",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert LINE.match(done.stdout.splitlines()[0])


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"pywhispercpp {__version__} (whisper.cpp 1.") and out.count("\n") == 1


def test_openvino_encodes_where_asked(
    jfk: Path, tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "ggml-tiny.en.bin"
    model.symlink_to(tiny_en)
    command = ["transcribe", str(jfk), "-m", str(model), "-t", "1", "-nt", "--backend", "openvino"]
    assert main(command) == 1
    err = capsys.readouterr().err
    assert err.startswith("pywhispercpp: there is no IR") and f"models export openvino {model}" in err
    assert main(["models", "export", "openvino", str(model)]) == 0
    assert main([*command, "--device", "CPU", "--precision", "f32", "-ac", "auto"]) == 0
    assert "country" in capsys.readouterr().out


def test_an_audio_context_that_is_none_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["transcribe", "x.wav", "-ac", "most"])
    assert caught.value.code == 2
    assert "a number or auto" in capsys.readouterr().err
