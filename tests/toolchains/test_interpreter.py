"""One interpreter gives headers, suffix and tag; a version that is not there says what to run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from packaging.tags import sys_tags

from scripts.errors import BuildError
from toolchains.python import interpreter
from wheels.request import parse

FREE = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
NUMBER = f"{sys.version_info.major}.{sys.version_info.minor}"
HERE = NUMBER + FREE
REAL = Path(os.path.realpath(sys.executable))
OLDER = "3.1"  # a prefix of 3.11 in text, and another version


class Pyenv:
    """A pyenv folder whose interpreters are links to the running one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, name: str) -> Path:
        """Give it a version; return the interpreter."""
        python = self.root / "versions" / name / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.symlink_to(REAL)
        return python


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pyenv:
    """A pyenv without any version."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return Pyenv(tmp_path / "pyenv")


def test_pyenvs_interpreter_is_chosen(pyenv: Pyenv) -> None:
    python = pyenv.add(f"{NUMBER}.7{FREE}")
    assert interpreter.from_pyenv(HERE) == python
    facts = interpreter.find(HERE, host=Path("/no/such/python"))
    assert facts["version"] == HERE
    assert facts["ext_suffix"] == sysconfig.get_config_var("EXT_SUFFIX")


def test_the_newest_patch_is_chosen_by_number(pyenv: Pyenv) -> None:
    pyenv.add("3.14.9")
    newest = pyenv.add("3.14.10")
    pyenv.add("3.14.11t")
    pyenv.add("3.14-dev")
    pyenv.add("3.14.5rc1")
    assert interpreter.from_pyenv("3.14") == newest


def test_the_free_threaded_build_is_another_python(pyenv: Pyenv) -> None:
    pyenv.add("3.14.10")
    assert interpreter.from_pyenv("3.14t") is None
    pyenv.add("3.14.2t")
    newest = pyenv.add("3.14.10t")
    pyenv.add("3.14t-dev")
    pyenv.add("3.14.5rc1t")
    assert interpreter.from_pyenv("3.14t") == newest


def test_the_other_build_of_the_same_number_will_not_do(pyenv: Pyenv) -> None:
    other = NUMBER if FREE else f"{NUMBER}t"
    with pytest.raises(interpreter.InterpreterError, match=f"Python {other} is asked for, pyenv has none"):
        interpreter.find(other)


@pytest.mark.parametrize("version", ["abc", "", "3", "3.11.7", "3.14tt", "2.7", "t", "3.14-dev", "../3.11"])
def test_what_is_no_version_says_how_one_looks(pyenv: Pyenv, version: str) -> None:
    with pytest.raises(BuildError, match=r"names no Python; give the first two numbers, as 3\.11") as caught:
        parse(["--python", version], Path("dist"))
    assert str(caught.value).startswith(repr(version))


def test_a_version_without_its_interpreter_does_not_count(pyenv: Pyenv) -> None:
    (pyenv.root / "versions" / "3.14.10" / "bin").mkdir(parents=True)
    whole = pyenv.add("3.14.2")
    assert interpreter.from_pyenv("3.14") == whole


def test_one_version_is_not_mistaken_for_another(pyenv: Pyenv) -> None:
    pyenv.add("3.11.7")
    pyenv.add("3.10.4")
    assert interpreter.from_pyenv(OLDER) is None
    assert interpreter.from_pyenv("3.1.0") is None
    pyenv.add("3.1.4")
    found = interpreter.from_pyenv(OLDER)
    assert found is not None
    assert found.parts[-3] == "3.1.4"


def test_without_pyenv_the_running_interpreter_is_taken(pyenv: Pyenv) -> None:
    facts = interpreter.find(HERE)
    assert Path(facts["executable"]).samefile(REAL)
    # pip's own rules say what fits this interpreter best.
    best = next(sys_tags())
    assert (facts["tag"], facts["abi"]) == (best.interpreter, best.abi)
    assert facts["full_version"] == ".".join(map(str, sys.version_info[:3])) + FREE
    full = facts["full_version"].rstrip("t")
    assert (Path(facts["include"]) / "patchlevel.h").read_text().count(f'"{full}')


def test_a_virtual_environment_answers_as_its_base(pyenv: Pyenv, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    facts = interpreter.find(HERE, host=tmp_path / "env" / "bin" / "python")
    assert str(tmp_path) not in facts["executable"]
    assert facts["include"] == interpreter.find(HERE)["include"]


@pytest.mark.parametrize("version", [OLDER, "3.99", "3.99t"])
def test_a_version_that_is_not_installed_says_what_to_run(pyenv: Pyenv, version: str) -> None:
    pyenv.add(f"{NUMBER}.7{FREE}")
    with pytest.raises(
        interpreter.InterpreterError, match=rf"run: pyenv install {version} \(or start nox with"
    ):
        interpreter.find(version)
    with pytest.raises(BuildError, match=f"Python {version} is asked for, pyenv has none"):
        parse(["--python", version], Path("dist"))


def test_a_liar_in_pyenvs_folder_is_found_out(pyenv: Pyenv) -> None:
    pyenv.add("3.99.1")
    with pytest.raises(interpreter.InterpreterError, match=r"Python 3\.99 is asked for"):
        interpreter.find("3.99")


def test_missing_headers_say_what_to_install(pyenv: Pyenv, tmp_path: Path) -> None:
    prefix = tmp_path / "bare"
    (prefix / "bin").mkdir(parents=True)
    python = Path(shutil.copy(REAL, prefix / "bin" / "python3"))
    (prefix / "lib").symlink_to(Path(sys.base_prefix) / "lib")
    with pytest.raises(interpreter.InterpreterError, match=f"has no headers in {prefix}") as caught:
        interpreter.find(HERE, host=python)
    assert (f"apt-get install python{HERE}-dev" in str(caught.value)) is not bool(FREE)
    assert f"pyenv install {HERE}" in str(caught.value)


def test_an_interpreter_that_does_not_run_is_an_error(pyenv: Pyenv, tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\necho 'a library is missing' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(interpreter.InterpreterError, match=r"cannot run .*: a library is missing"):
        interpreter.find(HERE, host=broken)


def test_it_runs_alone_as_bazel_runs_it(pyenv: Pyenv, root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(root / "toolchains" / "python" / "interpreter.py")]
    done = subprocess.run([*command, HERE], cwd=tmp_path, text=True, capture_output=True, check=True)
    assert json.loads(done.stdout) == interpreter.find(HERE)
    failed = subprocess.run([*command, "3.99"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "pyenv install 3.99" in failed.stderr
