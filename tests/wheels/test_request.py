"""What a person asks for is understood, or refused with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import BuildError
from toolchains.profiles import PROFILES, machine
from wheels.request import PYTHON_VERSION, parse


def test_the_defaults_are_bazel_for_this_machine(tmp_path: Path) -> None:
    request = parse([], tmp_path)
    assert (request.backend, request.profile, request.dist) == ("bazel", "native", tmp_path)
    assert request.python["version"] == PYTHON_VERSION


def test_every_option_has_its_place(tmp_path: Path) -> None:
    profile = "x86-64-v2" if machine() == "x86_64" else "armv8-a"
    argv = ["--backend", "cmake", "--profile", profile, "--python", PYTHON_VERSION, "--dist", "there"]
    request = parse(argv, tmp_path)
    assert (request.backend, request.profile, request.dist) == ("cmake", profile, Path("there").resolve())


def test_an_unknown_profile_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="'pi9' is unknown") as raised:
        parse(["--profile", "pi9"], tmp_path)
    assert all(name in str(raised.value) for name in PROFILES if machine() in PROFILES[name]["flags"])


def test_a_python_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"pyenv install 3\.99"):
        parse(["--python", "3.99"], tmp_path)


def test_an_unknown_build_path_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(["--backend", "meson"], tmp_path)
    assert raised.value.code == 2
    assert "bazel" in capsys.readouterr().err
