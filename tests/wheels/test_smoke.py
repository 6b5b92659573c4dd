"""The smoke test: refuses early and clearly, leaves nothing behind, and believes only what it hears."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.errors import BuildError
from wheels import interpreter, smoke
from wheels.archive import parse_name
from wheels.interpreter import Interpreter, ask, clean_environment, refusal

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

PI = Interpreter(Path("/usr/bin/python3"), "cpython", (3, 11), "aarch64", (2, 36))
FREE = Interpreter(Path("/usr/bin/python3.14t"), "cpython", (3, 14), "aarch64", (2, 36), free_threaded=True)


def reason(tag: str, python: Interpreter = PI) -> str:
    """Why a wheel of this tag is refused."""
    return refusal(parse_name(Path(f"pywhispercpp-1.6.0-{tag}.whl")), python)


@pytest.fixture
def no_commands(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[object]]:
    """The commands a smoke test would run, noted and not run."""
    noted: list[Sequence[object]] = []

    def note(command: Sequence[object], folder: Path) -> str:
        noted.append(command)
        return ""

    monkeypatch.setattr(smoke, "_run", note)
    return noted


def test_fitting_wheels_are_welcome() -> None:
    assert reason("cp311-cp311-manylinux_2_34_aarch64") == ""
    assert reason("cp311-cp311-linux_aarch64") == ""
    assert reason("cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64") == ""


def test_another_python_is_refused() -> None:
    said = reason("cp312-cp312-manylinux_2_34_aarch64")
    assert said.startswith("the wheel is for cp312, /usr/bin/python3 is CPython 3.11")
    assert said.endswith("give --python with a CPython 3.12")


def test_the_free_threaded_build_and_the_usual_one_take_their_own_wheels() -> None:
    usual = Interpreter(Path("/usr/bin/python3.14"), "cpython", (3, 14), "aarch64", (2, 36))
    assert reason("cp314-cp314t-manylinux_2_34_aarch64", FREE) == ""
    assert reason("cp314-cp314-manylinux_2_34_aarch64", usual) == ""
    assert reason("py3-none-any", FREE) == reason("py3-none-any", usual) == ""
    said = reason("cp314-cp314-manylinux_2_34_aarch64", FREE)
    assert said.startswith("the wheel is for cp314, /usr/bin/python3.14t is CPython 3.14t")
    assert said.endswith("give --python with a CPython 3.14")
    said = reason("cp314-cp314t-manylinux_2_34_aarch64", usual)
    assert said.startswith("the wheel is for cp314t, /usr/bin/python3.14 is CPython 3.14,")
    assert said.endswith("give --python with a CPython 3.14t")
    assert "is for cp314, " in reason("cp314-abi3-manylinux_2_34_aarch64", FREE)


def test_another_machine_is_refused() -> None:
    said = reason("cp311-cp311-manylinux_2_34_x86_64")
    assert said.startswith("the wheel is for x86_64, ")
    assert said.endswith("try it on such a machine, or on emulated ones: nox -s emulate -- X.whl")


def test_an_older_glibc_is_refused() -> None:
    assert reason("cp311-cp311-manylinux_2_39_aarch64").startswith("the wheel needs glibc 2.39, ")


def test_the_other_c_library_is_refused_in_words() -> None:
    said = reason("cp311-cp311-musllinux_1_2_aarch64")
    assert said.startswith("the wheel is for musl (Alpine Linux), /usr/bin/python3 is CPython 3.11")
    assert "glibc 2.36; take the manylinux wheel for it" in said
    alpine = replace(PI, glibc=(0, 0))
    assert reason("cp311-cp311-musllinux_1_2_aarch64", alpine) == ""
    said = reason("cp311-cp311-manylinux_2_17_aarch64", alpine)
    assert said.startswith("the wheel is for glibc, ")
    assert said.endswith("aarch64, no glibc; take the musllinux wheel for it")


def test_this_python_says_who_it_is() -> None:
    here = ask(Path(sys.executable))
    assert here.version == sys.version_info[:2]
    assert here.free_threaded is ("t" in sys.abiflags)
    assert here.machine == platform.machine()
    assert here.glibc >= (2, 17)
    assert here.executable == Path(sys.executable)


@pytest.mark.parametrize("executable", ["/no/such/python", "/bin/true", "/bin/false"])
def test_what_is_no_python_is_named(executable: str) -> None:
    with pytest.raises(BuildError, match=f"{executable} does not answer as a Python"):
        ask(Path(executable))


def test_a_wheel_for_another_machine_is_refused_before_any_work(
    workshop: Workshop, jfk: Path, no_commands: list[Sequence[object]]
) -> None:
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    tag = str(next(iter(workshop.wheel.name.tags))).replace(platform.machine(), other)
    with pytest.raises(BuildError, match=f"cannot be tried here: the wheel is for {other}"):
        smoke.main([str(workshop.retag(tag)), "--audio", str(jfk)])
    assert no_commands == []


def test_missing_files_are_named(wheel: Path, tmp_path: Path, no_commands: list[Sequence[object]]) -> None:
    with pytest.raises(BuildError, match=r"none\.wav is not a file"):
        smoke.main([str(wheel), "--audio", str(tmp_path / "none.wav")])
    with pytest.raises(BuildError, match=r"none\.whl is not a file"):
        smoke.main([str(tmp_path / "none.whl"), "--audio", str(wheel)])
    assert no_commands == []


def test_nothing_is_left_behind_when_a_step_fails(
    wheel: Path, jfk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is really made; then a wheel that pip cannot read stops the work."""
    broken = tmp_path / wheel.name
    broken.write_bytes(b"no zip")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(BuildError, match=r"pip install .* ended with status"):
        smoke.smoke(broken, jfk, Path(sys.executable))
    assert list(temporary.iterdir()) == []


def test_nothing_of_this_python_leaks_into_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    environment = clean_environment()
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(environment)
    assert environment["PIP_INDEX_URL"] == "kept"


def test_the_words_are_looked_for_in_every_run() -> None:
    heard = "And so, my fellow Americans: Ask not what your country can do for you!"
    smoke._require_speech({"transcripts": [heard, heard.upper()]})
    with pytest.raises(BuildError, match=r"it says 'Thank you\.'"):
        smoke._require_speech({"transcripts": [heard, "Thank you."]})


def test_the_summary_says_what_was_built(wheel: Path) -> None:
    info = {
        "profile": "x86-64-v3",
        "features": ["avx2", "fma"],
        "backend": "bazel",
        "whisper_cpp_version": "1.8.5",
        "ggml_version": "0.9.8",
        "compiler": "gcc 12.2.0",
    }
    facts = {
        "build_info": info,
        "backend_info": {"variant": "haswell", "reason": "the best of 14 that this CPU can run"},
        "transcripts": ["Ask not."],
        "audio_seconds": 11.0,
        "wall_seconds": 0.5,
    }
    said = smoke.summary(wheel, parse_name(wheel), facts)
    size = f"{wheel.stat().st_size:,} bytes"
    for word in (
        str(wheel),
        size,
        "x86-64-v3 (avx2 fma)",
        "1.8.5, ggml 0.9.8",
        "gcc 12.2.0",
        "haswell: the best",
        "Ask not.",
    ):
        assert word in said
    assert said.splitlines()[-1].split(maxsplit=1)[1].startswith("22.0 audio seconds per second")


ENCODER = {
    "backend": "openvino",
    "reason": "asked for",
    "device": "CPU",
    "precision": "bf16",
    "library": "/there/libs/libopenvino_c.so.2641",
    "version": "2026.4.1-22982",
}
HEARD = {"transcripts": ["Ask not what your country can do for you."], "wall_seconds": 0.5}


def test_the_summary_says_what_openvino_did() -> None:
    said = smoke.openvino_summary({"wall_seconds": 1.0}, {**HEARD, "encoder": ENCODER})
    for word in ("2026.4.1-22982, CPU in bf16", ENCODER["library"], "Ask not what", "2.00 times"):
        assert word in said


def test_another_encoder_than_openvinos_is_no_proof() -> None:
    facts = {**HEARD, "encoder": {**ENCODER, "backend": "ggml", "reason": "there is no IR"}}
    with pytest.raises(BuildError, match="OpenVINO was asked for, ggml encoded: there is no IR"):
        smoke.openvino_summary({"wall_seconds": 1.0}, facts)
    with pytest.raises(BuildError, match="should say"):
        smoke.openvino_summary({"wall_seconds": 1.0}, {**HEARD, "transcripts": [""], "encoder": ENCODER})


def test_a_slow_or_silent_interpreter_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexec sleep 30\n")
    silent.chmod(0o755)
    monkeypatch.setattr(interpreter, "PATIENCE", 0.3)
    with pytest.raises(BuildError, match="timed out"):
        ask(silent)
