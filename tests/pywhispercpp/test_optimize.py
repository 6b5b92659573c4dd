"""The faster ways of computing that can be switched off: how they are asked for, what shows them."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp import Model, OptionError, _core
from pywhispercpp.cli import main
from pywhispercpp.optimize import NAMES, chosen
from tests.small_model import write

ALL = list(NAMES)


def test_there_are_ways_to_switch_off() -> None:
    """Patch 0014 brought the switch, each of the patches after it a name."""
    assert {"prompt", "sampling", "mel", "logits", "gemv", "attention", "cross", "gelu"} <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)
    assert list(NAMES) == _core.OPTIMIZATIONS


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("all", ALL),
        ("none", []),
        ("mel,gelu", ["mel", "gelu"]),
        (" gelu , mel ", ["mel", "gelu"]),
        ("all,-mel", [name for name in NAMES if name != "mel"]),
        ("all, -mel, -gemv", [name for name in NAMES if name not in ("mel", "gemv")]),
        ("-mel", []),
        ("none,mel", ["mel"]),
        ("mel,none", []),
        ("-mel,all", ALL),
        ("all,-mel,mel", ALL),
        ("mel,mel", ["mel"]),
    ],
)
def test_what_is_asked_for(asked: str, names: list[str]) -> None:
    assert chosen(asked) == names


@pytest.mark.parametrize(
    "asked", ["", "fast", "all,", "mel;gelu", "Mel", "all,-fast", "--mel", "- mel", "all mel"]
)
def test_a_name_that_is_none(asked: str) -> None:
    with pytest.raises(OptionError, match="is none of all, none, prompt, sampling, "):
        chosen(asked)


@pytest.mark.parametrize("asked", [None, True, 1, b"all", ["all"]])
def test_what_is_no_text(asked: object) -> None:
    with pytest.raises(OptionError, match="optimize must be text"):
        chosen(asked)


def test_a_model_refuses_it_before_it_loads(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'fast'"):
        Model(tmp_path / "none.bin", optimize="fast")


def test_the_command_takes_it(jfk: Path, tiny_en: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["transcribe", str(jfk), "-m", str(tiny_en), "-t", "1", "-d", "3000", "--optimize"]
    assert main([*command, "all,-mel"]) == 0
    assert "fellow" in capsys.readouterr().out
    assert main([*command, "fast"]) == 1
    assert "optimize='fast'" in capsys.readouterr().err


def said(model: Path, optimize: str) -> str:
    """What whisper.cpp says while it loads a model and makes a session."""
    log = io.StringIO()
    loaded = Model(model, n_threads=1, backend="ggml", optimize=optimize, redirect_whispercpp_logs_to=log)
    loaded.transcribe(np.zeros(1600, np.float32), audio_ctx=1)
    return log.getvalue()


def test_no_logits_are_reserved_for_a_whole_prompt(tmp_path: Path) -> None:
    """Patch 0015: 448 rows of 51864 are 93 MB, of each session."""
    model = write(tmp_path / "ggml-small.bin")
    megabytes = re.compile(r"compute buffer \(decode\) = +([\d.]+) MB")
    fewer, all_rows = (megabytes.findall(said(model, how))[0] for how in ("all", "all,-prompt"))
    assert float(fewer) < 8
    assert float(all_rows) > 90


@pytest.mark.parametrize(
    ("ftype", "has_copy"), [(1, True), (0, True), (7, False)], ids=["f16", "f32", "q8_0"]
)
def test_the_vocabulary_is_there_in_8_bits(tmp_path: Path, ftype: int, has_copy: bool) -> None:
    """Patch 0019; a vocabulary that is quantized already has no copy."""
    model = write(tmp_path / "ggml-small.bin", ftype=ftype)
    assert ("vocabulary in 8 bits" in said(model, "all")) is has_copy
    assert "vocabulary in 8 bits" not in said(model, "all,-logits")
