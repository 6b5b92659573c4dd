"""`pywhispercpp models quantize`: what it prints, where it writes and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.cli import main
from pywhispercpp.models import ggml_file
from tests.small_model import write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with one small one."""
    made = tmp_path_factory.mktemp("models")
    write(made / "ggml-mine.bin")
    return made


def test_a_model_by_name_in_several_kinds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "quantize", "mine", "q8_0", "Q5_0", "--models-dir", str(folder)]) == 0
    said = capsys.readouterr()
    made = [folder / f"ggml-mine-{kind}.bin" for kind in ("q8_0", "q5_0")]
    assert said.out == "".join(f"{path}\n" for path in made)
    assert "ggml-mine-q8_0.bin: 100% of" in said.err
    assert [ggml_file.check(path).weight_type.name for path in made] == ["q8_0", "q5_0"]


def test_another_place(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(folder / "ggml-mine.bin")
    assert main(["models", "quantize", model, "q4_0", "-o", str(tmp_path / "x.bin")]) == 0
    assert main(["models", "quantize", model, "q4_0", "q4_1", "-o", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / name) for name in ("x.bin", "ggml-mine-q4_0.bin", "ggml-mine-q4_1.bin")
    ]


def test_check_tells_text_error_and_sizes(
    tiny_en: Path, jfk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["models", "quantize", str(tiny_en), "q8_0", "-o", str(tmp_path / "x.bin"), "--check", str(jfk)]
    assert main([*words, "-t", "2"]) == 0
    path, size, error, text, before = capsys.readouterr().out.splitlines()
    assert path == str(tmp_path / "x.bin")
    assert size.split(maxsplit=1) == ["size", "44 MB, 0.56 of 78 MB"]
    assert 0.001 < float(error.split()[2]) < 0.05 and f"against {tiny_en.name}" in error
    assert "what your country can do for you" in text
    assert before.startswith("  text before")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["mine", "q3"], 1, "kind='q3': one of f16, q4_0"),
        (["mine", "q4_K"], 1, "rows of 64 are no whole blocks of q4_K"),
        (["mine", "f16"], 1, "its matrices are f16 already"),
        (["nobody", "q8_0"], 1, "no model is called 'nobody'"),
        (["mine", "q8_0", "q4_0", "-o", "x.bin"], 2, "several kinds need a folder"),
        (["mine", "q8_0", "-o", "none/x.bin"], 1, "none/x.bin: cannot be written"),
        (["mine", "q8_0", "--check", "none.wav"], 1, "none.wav: there is no such audio file"),
    ],
)
def test_failures_are_told(
    folder: Path, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "quantize", *words, "--models-dir", str(folder)]) == code
    assert message in capsys.readouterr().err


def test_a_usage_error() -> None:
    for words in ([], ["mine"], ["mine", "q8_0", "-t", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(["models", "quantize", *words])
        assert ended.value.code == 2
