"""`pywhispercpp models inspect`: what it prints of good files and of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pywhispercpp.cli import main
from pywhispercpp.cli.models.columns import amount, columns
from tests import model_files, small_model


def test_a_name_gives_a_page_with_the_largest_tensors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_model.write(tmp_path / "ggml-mine.bin", ftype=7)
    assert main(["models", "inspect", "mine", "--models-dir", str(tmp_path)]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: Whisper model for whisper.cpp (ggml), {path.stat().st_size} bytes")
    assert "  n_audio_state         64" in rest and "  weights               q8_0" in rest
    assert any(line.startswith("the 5 largest tensors (--tensors prints ") for line in rest)
    assert rest[-5].split() == ["decoder.token_embedding.weight", "51864", "x", "64", "q8_0", "3526752"]


def test_every_tensor_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small_model.write(tmp_path / "mine.bin")
    assert main(["models", "inspect", str(path), "--tensors"]) == 0
    text = capsys.readouterr().out
    assert "encoder.blocks.3.mlp.2.bias" in text and "largest" not in text
    assert main(["models", "inspect", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["tensors"]) == sum(one["tensors"] for one in report["types"])
    assert report["tensors"][0]["shape"] == [1500, 64] and report["header"]["n_mels"] == 80


def test_a_graph_has_ends_and_operations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "inspect", str(model_files.write_ir(tmp_path))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  x  1 x 2..3000 x 4  f32" in lines and "operations: 4" in lines and "  1  MatMul" in lines
    assert lines[-1] == "  w  4 x 3  f16  24"


def test_a_damaged_file_is_one_line_and_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ggml-mine.bin"
    path.write_bytes(small_model.write(path).read_bytes()[:-100])
    assert main(["models", "inspect", str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert f"pywhispercpp: {path}: the file ends inside tensor" in shown.err


def test_sizes_and_columns_for_people() -> None:
    sizes = (0, 999, 1000, 12_345, 885_098, 999_600, 147_951_465, 3_095_033_483)
    texts = ["0 B", "999 B", "1.00 kB", "12.3 kB", "885 kB", "1.00 MB", "148 MB", "3.10 GB"]
    assert [amount(size) for size in sizes] == texts
    assert columns([("a", "1"), ("bbb", "22")], right=(1,)) == "  a     1\n  bbb  22"
