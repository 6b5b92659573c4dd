"""`pywhispercpp models`: what it prints and how it ends."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pywhispercpp.cli import models as command
from pywhispercpp.errors import DownloadError, ModelNotFoundError


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="pywhispercpp")
    command.add_parser(parser.add_subparsers(dest="command", required=True))
    args = parser.parse_args(["models", *words])
    status: int = args.func(args)
    return status


def test_download_prints_the_path_of_a_model_that_is_here(
    tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ggml-tiny.en.bin").symlink_to(tiny_en)
    assert run("download", "tiny.en", "--models-dir", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'ggml-tiny.en.bin'}\n"


def test_download_of_an_unknown_or_unoffered_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="known models: tiny"):
        run("download", "hugo", "--models-dir", str(tmp_path))
    with pytest.raises(DownloadError, match="no hash"):
        run("download", "tiny-q8_0", "--models-dir", str(tmp_path))


def test_list_says_what_is_here_what_can_come_and_what_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ggml-base.bin").write_bytes(b"x")
    assert run("list", "--models-dir", str(tmp_path)) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert f"here: {tmp_path / 'ggml-base.bin'}" in lines["base"]
    assert "148 MB" in lines["base"]
    assert "can be downloaded" in lines["tiny.en"]
    assert "not offered: no hash of it is known" in lines["base-q8_0"]


def test_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("path", "tiny", "--models-dir", str(tmp_path)) == 1
    shown = capsys.readouterr()
    assert shown.out == f"{tmp_path / 'ggml-tiny.bin'}\n"
    assert "pywhispercpp models download tiny" in shown.err
    (tmp_path / "ggml-tiny.bin").write_bytes(b"x")
    assert run("path", "tiny", "--models-dir", str(tmp_path)) == 0


def test_the_default_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYWHISPERCPP_MODELS_DIR", str(tmp_path / "100%"))
    run("path", "tiny")
    assert str(tmp_path / "100%") in capsys.readouterr().out
    with pytest.raises(SystemExit):
        run("download", "--help")
    assert "100%" in "".join(capsys.readouterr().out.split())
