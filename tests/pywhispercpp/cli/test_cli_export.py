"""`pywhispercpp models export`: what it prints, where it writes and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp import openvino_ir
from pywhispercpp.cli import main


def test_a_model_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "export", "openvino", "mine", "--models-dir", str(folder)]) == 0
    xml = folder / "ggml-mine-encoder-openvino.xml"
    said = capsys.readouterr()
    assert said.out == f"{xml}\n"
    assert f"{folder / 'ggml-mine.bin'}: reading" in said.err and f"{xml}: writing" in said.err
    facts = openvino_ir.read(xml)
    assert (facts.audio_ctx, facts.weights) == ((1, 1500), "f16")


def test_a_model_by_path_with_every_option(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xml = tmp_path / "new" / "x.xml"
    options = ["--audio-context", "512", "--weights", "int8", "--output", str(xml)]
    assert main(["models", "export", "openvino", str(folder / "ggml-mine.bin"), *options]) == 0
    assert capsys.readouterr().out == f"{xml}\n"
    facts = openvino_ir.read(xml)
    assert (facts.audio_ctx, facts.weights) == ((512, 512), "int8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mine", "--audio-context", "1501"], "a whole number from 1 to 1500 is needed"),
        (["nobody"], "no model is called 'nobody'"),
        (["nobody/x.bin"], "nobody/x.bin: no such model file"),
        (["mine", "-o", "x.onnx"], "ends in .xml"),
    ],
)
def test_failures_are_told(
    folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "export", "openvino", *words, "--models-dir", str(folder)]) == 1
    said = capsys.readouterr()
    assert message in said.err and not said.out


def test_a_usage_error() -> None:
    for words in (["openvino"], ["openvino", "mine", "--weights", "q4_0"], ["coreml", "mine"], []):
        with pytest.raises(SystemExit) as ended:
            main(["models", "export", *words])
        assert ended.value.code == 2
