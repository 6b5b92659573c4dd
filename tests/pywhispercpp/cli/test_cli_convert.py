"""`pywhispercpp models convert`: what it prints, where it writes and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.cli import main
from pywhispercpp.models.ggml_file import check
from tests.whisper_weights import ctranslate2, network, openai, torch_zip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint and a CTranslate2 model of one small network."""
    made = tmp_path_factory.mktemp("weights")
    arrays = network()
    (made / "mine.pt").write_bytes(torch_zip(openai(arrays)))
    (made / "ct2").mkdir()
    (made / "ct2" / "model.bin").write_bytes(ctranslate2(arrays))
    return made


def test_beside_the_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "convert", str(folder / "mine.pt")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{folder / 'ggml-mine.bin'}\n"
    assert "4 + 1 layers of 64 channels, 51864 tokens; converting to f16" in said.err
    assert "ggml-mine.bin: 100% of" in said.err
    assert check(folder / "ggml-mine.bin").ftype == 1


def test_every_option(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pywhispercpp.models.convert.assets import HASHES, asset
    from pywhispercpp.models.progress import QuietProgress

    for name in HASHES:
        (tmp_path / name).symlink_to(asset(name, QuietProgress()))
    target = tmp_path / "x" / "y.bin"
    options = ["--dtype", "q8_0", "--output", str(target), "--assets", str(tmp_path)]
    assert main(["models", "convert", str(folder / "ct2"), *options]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    assert check(target).weight_type.name == "q8_0"


def test_failures_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "convert", str(folder / "nothing.pt")]) == 1
    assert "nothing.pt: no such file or folder of weights" in capsys.readouterr().err
    assert main(["models", "convert", str(folder / "ct2"), "--assets", str(folder)]) == 1
    said = capsys.readouterr()
    assert "no gpt2.tiktoken" in said.err and not said.out


def test_a_usage_error() -> None:
    for words in ([], ["x.pt", "--dtype", "f64"]):
        with pytest.raises(SystemExit) as ended:
            main(["models", "convert", *words])
        assert ended.value.code == 2
