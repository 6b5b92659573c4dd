"""`pywhispercpp models`: what it prints and how it ends."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from pywhispercpp import models
from pywhispercpp.cli import models as command
from pywhispercpp.errors import ModelError, ModelNotFoundError
from tests import small_model


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


def test_a_wrong_name_stops_a_download_before_the_first(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="known models: tiny"):
        run("download", "tiny.en", "hugo", "--models-dir", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_downloads_go_on_after_one_that_failed(
    tiny_en: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ggml-tiny.en.bin").symlink_to(tiny_en)
    nowhere = ("--mirror", "http://127.0.0.1:1", "--models-dir", str(tmp_path))
    assert run("download", "small", "tiny.en", *nowhere) == 1
    shown = capsys.readouterr()
    assert shown.out == f"{tmp_path / 'ggml-tiny.en.bin'}\n"
    assert "http://127.0.0.1:1/ggerganov/whisper.cpp/resolve/main/ggml-small.bin: cannot connect" in shown.err
    assert "ggml-tiny.en.bin: here already, and whole" in shown.err


@pytest.fixture
def folder(tiny_en: Path, tmp_path: Path) -> Path:
    """A good published model, one cut short, one of the user's own, and a broken download."""
    (tmp_path / "ggml-tiny.en.bin").symlink_to(tiny_en)
    (tmp_path / "ggml-base.bin").write_bytes(b"lmgg")
    (tmp_path / "ggml-small.bin.part").write_bytes(bytes(2_000_000))
    small_model.write(tmp_path / "ggml-mine.bin")
    (tmp_path / "ggml-mine-encoder-openvino.xml").write_text("<net/>")
    (tmp_path / "ggml-mine-encoder-openvino.bin").write_bytes(b"123")
    (tmp_path / "notes.bin").write_bytes(b"no model")
    return tmp_path


def test_list_says_what_is_here_and_what_could_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--models-dir", str(folder)) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["tiny.en"].endswith(f"78 MB  here: {folder / 'ggml-tiny.en.bin'}")
    assert "not the published 147951465 bytes" in lines["base"]
    assert lines["medium.en-q5_0"].endswith(" 539 MB  can be downloaded")
    assert "2 MB of it are here; `models download small`" in lines["small"]
    assert lines["mine"].endswith("ggml-mine.bin (not a published one; with OpenVINO IR)")
    assert "notes" not in lines and len(lines) == 1 + len(models.MODELS) + 1


def test_list_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json", "--here", "--models-dir", str(folder)) == 0
    found = {one.pop("name"): one for one in json.loads(capsys.readouterr().out)}
    assert {name: one["state"] for name, one in found.items()} == {
        "tiny.en": "here",
        "base": "different",
        "small": "unfinished",
        "mine": "here",
    }
    assert found["mine"]["url"] is None and found["mine"]["openvino"].endswith("-openvino.xml")
    assert found["small"]["unfinished"] == 2_000_000 and found["small"]["size"] == 487601967
    assert found["tiny.en"]["hash"].startswith("sha256:921e4cf8")
    assert run("list", "--json", "--models-dir", str(folder / "none")) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(models.MODELS)


def test_verify_tells_good_from_bad(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("--models-dir", str(folder))
    assert run("verify", *here) == 1
    good, bad, own, part = capsys.readouterr().out.splitlines()
    assert good == f"good  {folder / 'ggml-tiny.en.bin'}: the published tiny.en, by its sha256"
    assert bad.startswith(
        f"bad   {folder / 'ggml-base.bin'}: not the published base: 4 bytes, expected 147951465"
    )
    assert bad.endswith("pywhispercpp models download base")
    assert own.startswith(
        f"good  {folder / 'ggml-mine.bin'}: a whole Whisper model (tiny, English only, f16)"
    )
    assert part.startswith("part  small: 2 MB of 488 MB are here")
    assert run("verify", "tiny.en", "mine", *here) == 0
    assert run("verify", "small", *here) == 1
    assert run("verify", "--models-dir", str(folder / "none")) == 0
    assert "no models are here" in capsys.readouterr().out


def test_remove_says_what_and_how_much(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("--models-dir", str(folder))
    size = (folder / "ggml-mine.bin").stat().st_size + len("<net/>") + 3
    before = sorted(folder.iterdir())
    assert run("remove", "mine", *here, "--dry-run") == 0
    wanted = [f"ggml-mine{end}" for end in ("-encoder-openvino.xml", "-encoder-openvino.bin", ".bin")]
    lines = [f"would remove {folder / name}" for name in wanted]
    assert capsys.readouterr().out.splitlines()[:-1] == lines
    assert sorted(folder.iterdir()) == before
    assert run("remove", "mine", "ggml-mine.bin", "small", *here) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"removed {size + 2_000_000} bytes")
    left = {"ggml-base.bin", "ggml-tiny.en.bin", "notes.bin"}
    assert {path.name for path in folder.iterdir()} == left


@pytest.mark.parametrize("name", ["hugo", "notes", "../outside/ggml-tiny.bin", "/etc/hostname"])
def test_remove_refuses_and_then_removes_nothing(folder: Path, name: str) -> None:
    outside = folder / "outside" / "ggml-tiny.bin"
    outside.parent.mkdir()
    outside.write_bytes(b"lmgg")
    (folder / "models").mkdir()
    (folder / "ggml-base.bin").rename(folder / "models" / "ggml-base.bin")
    (folder / "notes.bin").rename(folder / "models" / "notes.bin")
    with pytest.raises(ModelError, match="nothing"):
        run("remove", "base", name, "--models-dir", str(folder / "models"))
    assert outside.exists() and (folder / "models" / "ggml-base.bin").exists()


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
