"""What a person asks for is understood, or refused with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import BuildError
from scripts.pins import BUILD, OPENVINO
from toolchains import targets
from toolchains.profiles import PROFILES, machine
from wheels.build import require_compiler
from wheels.request import PYTHON_VERSION, parse

OTHER = "aarch64" if machine() == "x86_64" else "x86_64"


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
    assert all(name in str(raised.value) for name in PROFILES if machine() in PROFILES[name]["archs"])


def test_for_this_machine_its_own_gcc_is_the_compiler(tmp_path: Path) -> None:
    request = parse([], tmp_path)
    assert (request.target, request.compiler, request.is_cross) == (targets.host(), "gcc", False)
    assert request.ext_suffix == request.python["ext_suffix"]
    assert request.build_number == "1native"


def test_for_another_machine_the_wheel_is_portable_and_by_zig(tmp_path: Path) -> None:
    request = parse(["--target", OTHER], tmp_path)
    assert (request.profile, request.compiler, request.is_cross) == ("portable", "zig", True)
    assert request.ext_suffix.endswith(f"-{OTHER}-linux-gnu.so")
    assert request.build_number == ""


def test_a_portable_wheel_is_by_zig_here_too(tmp_path: Path) -> None:
    request = parse(["--profile", "portable"], tmp_path)
    assert (request.target, request.compiler, request.is_cross) == (targets.host(), "zig", True)


def test_the_cross_gcc_can_be_asked_for(tmp_path: Path) -> None:
    request = parse(["--target", OTHER, "--compiler", "gcc"], tmp_path)
    assert (request.compiler, request.is_cross) == ("gcc", True)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--target", "sparc"], "target 'sparc' is unknown; there are: x86_64, aarch64, armv7l"),
        (["--target", OTHER, "--profile", "native"], "'native' is for this machine"),
        (["--target", "armv7l", "--profile", "pi5"], "'pi5' is for another machine; for armv7l there are:"),
        (["--target", "aarch64-musl", "--compiler", "gcc"], "no gcc builds for aarch64-musl"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, argv: list[str], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        parse(argv, tmp_path)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], r"^gcc is not on PATH; on Debian or Ubuntu: apt-get install g\+\+ "),
        (
            ["--target", "armv7l", "--compiler", "gcc"],
            r"^arm-linux-gnueabihf-gcc is not on PATH; .* apt-get install g\+\+-arm-linux-gnueabihf ",
        ),
    ],
)
def test_a_compiler_that_is_missing_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], message: str
) -> None:
    request = parse(argv, tmp_path)
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match=message):
        require_compiler(request)


def test_zig_needs_no_compiler_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = parse(["--target", OTHER], tmp_path)
    monkeypatch.setenv("PATH", "")
    require_compiler(request)


def test_a_profile_gives_a_valid_build_tag(tmp_path: Path) -> None:
    request = parse(["--target", "x86_64", "--profile", "x86-64-v3"], tmp_path)
    assert request.build_number == "1x86_64_v3"


def test_openvino_is_loaded_at_run_time_unless_it_is_to_be_linked(tmp_path: Path) -> None:
    plain, tried = parse([], tmp_path), parse(["--openvino"], tmp_path)
    assert (plain.openvino, tried.openvino) == ("", "dlopen")
    assert (tried.build_number, tried.name) == (plain.build_number, plain.name)
    assert not tried.links_openvino
    assert tried.openvino_runtime == BUILD / "openvino" / OPENVINO["version"] / machine()


@pytest.mark.parametrize(("profile", "build"), [("armv8-a", "1armv8_a"), ("portable", "1portable")])
def test_a_linked_wheel_says_so_and_is_built_elsewhere(tmp_path: Path, profile: str, build: str) -> None:
    argv = ["--target", "aarch64", "--profile", profile]
    linked = parse([*argv, "--openvino=linked", "--openvino-version", "2024.6.0"], tmp_path)
    assert linked.links_openvino
    assert linked.build_number == f"{build}_openvino"
    assert linked.name == f"{parse(argv, tmp_path).name}-openvino2024.6.0"
    assert linked.openvino_runtime == BUILD / "openvino" / "2024.6.0" / "aarch64"


@pytest.mark.parametrize("target", ["armv7l", "x86_64-musl"])
def test_where_there_is_no_openvino_it_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(BuildError, match=f"no OpenVINO for {target}; there is one for x86_64, aarch64, with"):
        parse(["--target", target, "--openvino"], tmp_path)


def test_a_python_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"pyenv install 3\.99"):
        parse(["--python", "3.99"], tmp_path)


def test_an_unknown_build_path_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(["--backend", "meson"], tmp_path)
    assert raised.value.code == 2
    assert "bazel" in capsys.readouterr().err
