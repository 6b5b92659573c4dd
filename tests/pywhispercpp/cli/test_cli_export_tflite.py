"""`pywhispercpp models export tflite`, run as people run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.cli import main
from pywhispercpp.models.export.tflite.metadata import Metadata
from pywhispercpp.models.export.tflite.runner import Runner
from tests.small_model import write

RUN = ["models", "export", "tflite"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write(tmp_path / "ggml-x.bin", n_vocab=51865)


def test_the_path_is_printed(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, str(model)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{model.with_name('ggml-x-encoder-decoder.tflite')}\n"
    assert "MB of weights (f32)" in said.err
    assert Runner(said.out.strip(), threads=1).audio_seconds == 30


def test_every_option(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "there" / "y.tflite"
    options = [
        "--part",
        "generator",
        "--int8",
        "--language",
        "de",
        "--task",
        "translate",
        "--max-tokens",
        "12",
    ]
    assert main([*RUN, str(model), *options, "--audio-seconds", "1.5", "-o", str(output)]) == 0
    facts = Metadata(output).facts
    assert (facts["part"], facts["weights"], facts["audio_seconds"]) == ("generator", "int8", "1.5")
    assert (facts["language"], facts["task"], facts["max_tokens"]) == ("de", "translate", "12")
    capsys.readouterr()
    assert main(["models", "inspect", str(output)]) == 0
    said = capsys.readouterr().out.split()
    assert facts["model_sha256"] in said and "translate" in said


def test_errors(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*RUN, str(model), "--float16", "--int8"])
    assert "not allowed with argument" in capsys.readouterr().err
    assert main([*RUN, str(model), "--language", "klingon"]) == 1
    assert "language='klingon': the model knows 99 languages, not this one" in capsys.readouterr().err
    assert main([*RUN, str(model), "--part", "encoder", "--max-tokens", "9"]) == 1
    assert "max_tokens=9: part='encoder' gives no tokens" in capsys.readouterr().err


def test_help_names_the_parts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*RUN, "--help"])
    said = capsys.readouterr().out
    assert "pcm-encoder      normalized_audio -> last_hidden_states" in said
