"""`pywhispercpp models export onnx`: what it prints, where it writes and how it ends."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from pywhispercpp.cli import main


def test_a_model_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["models", "export", "onnx", "mine", "--audio-seconds", "1", "--models-dir", str(folder)]) == 0
    )
    made = folder / "ggml-mine-onnx"
    said = capsys.readouterr()
    assert said.out == f"{made}\n"
    assert f"{made / 'encoder.onnx'}: writing (f32)" in said.err
    assert {file.name for file in made.iterdir()} >= {"features.onnx", "decoder-with-past.onnx"}


def test_a_model_by_path_with_every_option(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "new" / "x"
    options = ["--audio-seconds", "0.5", "--sequence-length", "8", "--weights", "int8", "--external-data"]
    parts = ["--part", "decoder", "--part", "encoder", "--output", str(made)]
    assert main(["models", "export", "onnx", str(folder / "ggml-mine.bin"), *options, *parts]) == 0
    assert capsys.readouterr().out == f"{made}\n"
    names = {"decoder.onnx", "decoder.onnx.data", "encoder.onnx", "encoder.onnx.data", "vocabulary.json"}
    assert {file.name for file in made.iterdir()} == names
    facts = {entry.key: entry.value for entry in onnx.load(made / "decoder.onnx").metadata_props}
    assert (facts["audio_context"], facts["sequence_length"], facts["weights"]) == ("25", "8", "int8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mine", "--audio-seconds", "31"], "a multiple of 0.02 up to 30 is needed"),
        (["mine", "--sequence-length", "1"], "a whole number from 5 to 448 is needed"),
        (["mine", "--sequence-length", "8", "--part", "decoder-with-past"], "takes the tokens one by one"),
        (["nobody"], "no model is called 'nobody'"),
    ],
)
def test_failures_are_told(
    folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "onnx", *words, "--models-dir", str(folder)]) == 1
    said = capsys.readouterr()
    assert message in said.err and not said.out


def test_a_usage_error() -> None:
    for words in (["onnx"], ["onnx", "mine", "--weights", "q4_0"], ["onnx", "mine", "--part", "ear"]):
        with pytest.raises(SystemExit) as ended:
            main(["models", "export", *words])
        assert ended.value.code == 2
