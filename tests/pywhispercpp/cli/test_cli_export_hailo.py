"""`pywhispercpp models export hailo`: what it prints and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.cli import main
from tests.small_model import write


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models") / "ggml-mine.bin")


def test_without_the_compiler_all_else_is_made(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["hailo", str(small), "--hw-arch", "hailo8l", "--audio-seconds", "1", "--sequence-length", "8"]
    assert main(["models", "export", *words]) == 0
    said = capsys.readouterr()
    folder = small.with_name("ggml-mine-hailo")
    assert said.out == f"{folder}\n"
    assert "no .hef was made" in said.err and "Hailo's Developer Zone" in said.err
    assert f"ready in {folder}:\n" in said.err and "\n  tiny.en-whisper-encoder-1s.onnx\n" in said.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--require-hef"], "a .hef needs Hailo's compiler"),
        (["--calibration", "nowhere"], "is no folder"),
        (["--num-samples", "0"], "a whole number from 1 on is needed"),
    ],
)
def test_failures_are_told(
    small: Path, tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "hailo", str(small), "-o", str(tmp_path / "x"), *words]) == 1
    said = capsys.readouterr()
    assert message in said.err and not said.out


def test_a_usage_error() -> None:
    for words in (["hailo"], ["hailo", "x", "--hw-arch", "hailo15h"]):
        with pytest.raises(SystemExit) as ended:
            main(["models", "export", *words])
        assert ended.value.code == 2
