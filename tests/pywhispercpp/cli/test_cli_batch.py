"""`pywhispercpp batch`: its files, one bad file among good ones, a run after a kill, two runs at once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pywhispercpp.batch.journal import NAME
from pywhispercpp.cli import main

FAST = ["-t", "1", "-bs", "1", "-ac", "512", "-nf"]


@pytest.fixture
def folder(jfk: Path, tmp_path: Path) -> Path:
    """Four good files, one of them deeper, and a bad one."""
    for name in ("a.wav", "b.wav", "d.wav", "deep/e.wav"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(jfk, path)
    (tmp_path / "in" / "c.mp3").write_text("no audio")
    return tmp_path / "in"


def records(folder: Path) -> list[dict[str, object]]:
    """The journal's lines."""
    return [json.loads(line) for line in (folder / NAME).read_bytes().splitlines()]


def command(tiny_en: Path, folder: Path, out: Path) -> list[str]:
    start = [sys.executable, "-m", "pywhispercpp", "batch", "-m", str(tiny_en), "-r", "-o", str(out)]
    return [*start, *FAST, str(folder)]


def good(folder: Path) -> list[str]:
    """The names of the sources whose result was noted."""
    return sorted(Path(str(one["source"])).name for one in records(folder) if one["ok"])


def test_a_folder_with_a_bad_file(
    folder: Path, tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["batch", "-m", str(tiny_en), *FAST, "-otxt", "-oj", "-o", str(out), str(folder)]
    assert main([*arguments, "--workers", "2"]) == 1
    printed, told = capsys.readouterr()
    assert printed == ""
    assert "c.mp3: failed: " in told
    assert told.splitlines()[-1] == "3 done (33.0 s of audio), 0 there already, 1 failed"
    assert "country" in (out / "a.wav.txt").read_text()
    assert json.loads((out / "b.wav.json").read_bytes())["params"]["language"] == "en"
    assert not (out / "c.mp3.txt").exists()
    assert not (out / "deep").exists()
    kept = (out / "a.wav.txt").stat().st_mtime_ns
    (folder / "c.mp3").unlink()
    assert main(arguments) == 0
    assert capsys.readouterr().err == "0 done (0.0 s of audio), 3 there already, 0 failed\n"
    assert (out / "a.wav.txt").stat().st_mtime_ns == kept


def test_without_formats_subtitles_beside_the_file(jfk: Path, tiny_en: Path, tmp_path: Path) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    arguments = ["batch", "-m", str(tiny_en), *FAST, "-np", str(tmp_path / "a.wav")]
    assert main(arguments) == 0
    first = (tmp_path / "a.wav.srt").read_bytes()
    assert first.startswith(b"1\n00:00:00,000 --> ")
    assert [one for one in tmp_path.iterdir() if one.name.endswith(".part")] == []
    (tmp_path / "a.wav.srt").write_text("mine")
    assert main(arguments) == 0
    assert (tmp_path / "a.wav.srt").read_text() == "mine", "what is there is not touched"
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "a.wav.srt").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.wav"], 1, "none.wav: there is no such file or folder"),
        (["--shared", "."], 2, "--shared goes with --on"),
        (["--workers", "0", "a.wav"], 1, "workers=0"),
        (["-tp", "nan", "a.wav"], 1, "temperature"),
        (["-o", "a.wav", "a.wav"], 1, "cannot be written"),
    ],
)
def test_a_bad_line_is_refused_before_the_work(
    tiny_en: Path,
    jfk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    monkeypatch.chdir(tmp_path)
    assert main(["batch", "-m", str(tiny_en), *arguments]) == code
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_a_killed_run_is_gone_on_with(folder: Path, tiny_en: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(
        command(tiny_en, folder, out), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as first:
        assert first.stderr is not None
        assert "a.wav" in first.stderr.readline()
        first.send_signal(signal.SIGKILL)
        first.wait(60)
    before = good(out)
    assert before[0] == "a.wav"
    assert len(before) < 4
    times = {name: (out / f"{name}.srt").stat().st_mtime_ns for name in before}
    second = subprocess.run(
        command(tiny_en, folder, out), capture_output=True, text=True, timeout=120, check=False
    )
    assert second.returncode == 1, second.stderr
    assert f"{len(before)} there already, 1 failed" in second.stderr
    assert good(out) == ["a.wav", "b.wav", "d.wav", "e.wav"], "each was noted once"
    assert {name: (out / f"{name}.srt").stat().st_mtime_ns for name in before} == times
    assert len(list(out.rglob("*.srt"))) == 4
    assert (out / "deep" / "e.wav.srt").read_bytes() == (out / "a.wav.srt").read_bytes()


def test_two_runs_at_once_share_the_work(folder: Path, tiny_en: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (folder / "c.mp3").unlink()
    runs = [
        subprocess.Popen(command(tiny_en, folder, out), stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert good(out) == ["a.wav", "b.wav", "d.wav", "e.wav"], "each was done by one of them, once"
    counts = [text.splitlines()[-1].split() for text in told]
    assert sum(int(words[0]) for words in counts) == 4
    assert len(list(out.rglob("*.srt"))) == 4


def test_ctrl_c_is_130_and_leaves_whole_files(folder: Path, tiny_en: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with subprocess.Popen(command(tiny_en, folder, out), stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        run.stderr.readline()
        time.sleep(0.2)
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
        assert run.wait(60) == 130, rest
    assert rest.splitlines()[-1] == "pywhispercpp: interrupted"
    assert len(good(out)) == len(list(out.rglob("*.srt"))) < 4
    assert list(out.rglob("*.part")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a place to write to that is full")
def test_a_full_disk_ends_it(
    jfk: Path, tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(jfk, tmp_path / "a.wav")
    (tmp_path / "a.wav.srt").symlink_to("/dev/full")
    arguments = ["batch", "-m", str(tiny_en), *FAST, "--overwrite", str(tmp_path / "a.wav")]
    assert main(arguments) == 1
    assert "a.wav.srt: cannot be written: No space left" in capsys.readouterr().err
