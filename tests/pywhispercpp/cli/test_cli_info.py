"""`pywhispercpp info`: what a bug report needs, also where something is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pywhispercpp
from pywhispercpp import bug_report
from pywhispercpp.cli import main
from tests.small_model import write

PARTS = ["build", "cpu", "code", "openvino", "system", "packages", "models", "environment"]
# Before the package is imported: the guard says that the CPU lacks what the build needs.
OLD_CPU = """
import importlib.util, sys, types
from pathlib import Path
folder = Path(importlib.util.find_spec("pywhispercpp").origin).parent
package = types.ModuleType("pywhispercpp"); package.__path__ = [str(folder)]
sys.modules["pywhispercpp"] = package
from pywhispercpp import _cpu
_cpu.supported = lambda: ["sse3"]
del sys.modules["pywhispercpp"]
sys.argv = ["pywhispercpp", *sys.argv[1:]]
from pywhispercpp.cli import main
sys.exit(main())
"""


def on_an_old_cpu(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OLD_CPU, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_as_json(tmp_path: Path, silero: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "ggml-mine.bin")
    (tmp_path / "ggml-half.bin").write_bytes(b"lmgg")
    (tmp_path / "ggml-silero-v6.2.0.bin").symlink_to(silero)
    assert main(["info", "--json", "--models-dir", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == PARTS
    assert told["build"]["pywhispercpp"] == pywhispercpp.__version__
    assert told["build"]["profile"] == pywhispercpp.build_info().profile
    assert told["code"]["variant"] == pywhispercpp.backend_info().variant
    assert told["code"]["whisper_cpp"] == told["build"]["whisper_cpp_version"]
    assert told["cpu"]["missing"] == [] and set(told["build"]["features"]) <= set(told["cpu"]["features"])
    assert told["packages"]["numpy"].count(".") >= 1
    half, mine, vad = told["models"]["files"]
    assert vad["network"] == "vad" and "problem" not in vad
    assert (mine["network"], mine["weights"]) == ("tiny.en", "f16")
    assert half["file"] == "ggml-half.bin" and "the file ends inside the header" in half["problem"]


def test_in_words(tiny_en: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--models-dir", str(tiny_en.parent)]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == PARTS
    assert "ggml-tiny.en.bin  77.7 MB  tiny.en  f16" in out
    assert max(map(len, out.splitlines())) <= 130  # a path may be long, nothing else is


def test_the_function_tells_the_same_and_json_can_hold_it() -> None:
    told = pywhispercpp.diagnostics()
    assert json.loads(json.dumps(told)) == json.loads(json.dumps(bug_report.collect()))


def test_a_folder_that_is_not_there_and_an_openvino_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYWHISPERCPP_MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("OPENVINO_LIB_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy:3128")
    monkeypatch.setenv("MAX_MODEL", "base")
    monkeypatch.setenv("PYWHISPERCPP_API_KEYS", "me:secret")
    assert main(["info", "--json"]) == 0
    out = capsys.readouterr().out
    told = json.loads(out)
    assert told["models"] == {"folder": str(tmp_path / "none"), "there": False, "writable": True, "files": []}
    assert "there is no libopenvino_c.so" in told["openvino"]["problem"]
    assert told["environment"]["https_proxy"] == "http://…@proxy:3128" and "secret" not in out
    assert told["environment"]["MAX_MODEL"] == "base"
    assert main(["info"]) == 0
    assert "openvino\n  problem  BackendError:" in capsys.readouterr().out


def test_a_folder_whose_name_is_no_unicode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"mod\xffls")
    folder.mkdir()
    assert main(["info", "--models-dir", str(folder)]) == 0
    assert "mod\\udcffls" in capsys.readouterr().out
    assert main(["info", "--json", "--models-dir", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out)["models"]["folder"] == str(folder)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    folder.chmod(0o555)
    told = bug_report.collect(folder)["models"]
    assert told["writable"] == (os.geteuid() == 0)


def test_a_variant_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import json, pywhispercpp; print(json.dumps(pywhispercpp.diagnostics()['code']))"
    environment = {**os.environ, "PYWHISPERCPP_CPU_VARIANT": "z80"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["problem"].startswith("OptionError: PYWHISPERCPP_CPU_VARIANT='z80'")


def test_a_cpu_that_lacks_what_the_build_needs_is_told_as_far_as_possible() -> None:
    if set(pywhispercpp.build_info().features) <= {"sse3"}:
        pytest.skip("this build needs nothing that an old CPU lacks")
    done = on_an_old_cpu("info")
    assert done.returncode == 1
    assert done.stderr.startswith("build\n") and "missing" in done.stderr and "models\n" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "pywhispercpp: this pywhispercpp was built for the profile"
    )
    done = on_an_old_cpu("models", "list")
    assert done.returncode == 1 and "ImportError: this pywhispercpp was built for" in done.stderr
