"""What an import and a command bring along, and what they leave for those who need it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import pywhispercpp

#: Each takes longer to import than most of the package.
HEAVY = ("numpy", "av", "rich", "requests", "pydantic", "fastapi", "asyncio", "openvino")
SAY = f"import sys; print('loaded', *(name for name in {HEAVY!r} if name in sys.modules))"


def loaded(program: str, folder: Path) -> set[str]:
    """Which of HEAVY a new process has imported when `program` is done."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{SAY}"], cwd=folder, text=True, capture_output=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def command(*words: str) -> str:
    """The program of a command line that ends well."""
    return f"import pywhispercpp.cli\nassert pywhispercpp.cli.main({list(words)!r}) == 0"


@pytest.mark.parametrize(
    "program", ["import pywhispercpp", "import pywhispercpp; pywhispercpp.system_info()"]
)
def test_an_import_alone_brings_nothing_heavy(program: str, tmp_path: Path) -> None:
    assert loaded(program, tmp_path) == set()


def test_a_model_is_loaded_without_anything_heavy(tiny_en: Path, tmp_path: Path) -> None:
    program = "import pywhispercpp; pywhispercpp.Model({!r}, n_threads=1, temperature=0.5, vad=False)"
    assert loaded(program.format(str(tiny_en)), tmp_path) == set()


def test_a_wav_file_is_transcribed_with_numpy_alone(tiny_en: Path, jfk: Path, tmp_path: Path) -> None:
    line = command("transcribe", "-m", str(tiny_en), "-nt", "-d", "1000", "-bs", "1", str(jfk))
    assert loaded(line, tmp_path) == {"numpy"}


def test_a_command_does_not_import_the_others(tiny_en: Path, jfk: Path, tmp_path: Path) -> None:
    others = (
        "import sys; print('loaded', *(name for name in sys.modules if name.startswith('pywhispercpp.cli.')))"
    )
    ours = command("models", "path", str(tiny_en))
    done = subprocess.run(
        [sys.executable, "-c", f"{ours}\n{others}"], cwd=tmp_path, text=True, capture_output=True, check=True
    )
    commands = {name.split(".")[2] for name in done.stdout.splitlines()[-1].split()[1:]}
    assert "models" in commands
    assert not commands & {"transcribe", "stream", "batch", "serve", "worker", "bench", "info", "completion"}


@pytest.mark.parametrize("name", ["pywhispercpp", "pywhispercpp.models"])
def test_names_that_come_later_are_there(name: str) -> None:
    module = importlib.import_module(name)
    assert set(module.__all__) <= set(dir(module))
    namespace: dict[str, object] = {}
    exec(f"from {name} import *", namespace)
    for one in module.__all__:
        assert namespace[one] is getattr(module, one)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pywhispercpp' has no attribute 'Modell'"):
        vars(pywhispercpp)["__getattr__"]("Modell")
