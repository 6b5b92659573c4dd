"""Emulation: what must happen is worked out from data, what happens is judged, and a crash is never right."""

from __future__ import annotations

import json
import platform
import shutil
import signal
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import pytest

from scripts.errors import BuildError
from toolchains.profiles import PROFILES, VARIANTS
from wheels import emulate, emulator, expectation, foreign
from wheels.archive import load
from wheels.cpus import CPUS, Cpu
from wheels.emulator import Emulator, Ended
from wheels.expectation import Expected, Verdict, judge, usable
from wheels.interpreter import Interpreter

if TYPE_CHECKING:
    from tests.wheels.conftest import Workshop

ALL = [(arch, cpu) for arch, cpus in CPUS.items() for cpu in cpus]
NAMES = [f"{arch}-{cpu.name}" for arch, cpu in ALL]
A72 = next(cpu for cpu in CPUS["aarch64"] if cpu.name == "cortex-a72")
A76 = next(cpu for cpu in CPUS["aarch64"] if cpu.name == "cortex-a76")
BEST_FIRST = list(reversed(VARIANTS["aarch64"]))
PI5 = PROFILES["pi5"]["features"]
PI = Interpreter(Path("python3.11"), "cpython", (3, 11), "aarch64", (2, 36))
HERE = platform.machine()


def program(arch: str) -> str:
    """The emulator of an architecture; the test is skipped where it is not there."""
    found = shutil.which(f"qemu-{emulator.QEMU[arch]}-static") or shutil.which(f"qemu-{emulator.QEMU[arch]}")
    if found is None:
        pytest.skip(f"needs qemu for {arch}; on Debian: apt-get install qemu-user-static")
    return found


def ended(cpu: Cpu, *later: dict[str, Any], required: Sequence[str] = (), status: int = 0) -> Ended:
    """A run that says what the CPU is and then `later`; of a portable wheel unless it requires something."""
    profile = "pi5" if required else "portable"
    first = {"step": "cpu", "supported": list(cpu.features), "required": list(required), "profile": profile}
    return Ended(
        status, "".join(f"{json.dumps(line)}\n" for line in (first, *later)), "noise\nlast words\n", 1.0
    )


def chose(variant: str) -> dict[str, Any]:
    """The package says which variant runs."""
    return {"step": "backend", "variant": variant, "reason": "it was there"}


def heard(text: str) -> dict[str, Any]:
    """The package says what it heard."""
    return {"step": "words", "text": text, "seconds": 1.0}


def refused(error: str, kind: str = "ImportError") -> dict[str, Any]:
    """The package raises an error."""
    return {"step": "refused", "kind": kind, "error": error}


@pytest.mark.parametrize(("arch", "cpu"), ALL, ids=NAMES)
def test_a_cpu_chooses_the_best_variant_that_it_has_the_features_for(arch: str, cpu: Cpu) -> None:
    best = usable(list(reversed(VARIANTS.get(arch, {}))), arch, cpu.features)
    assert (best[0] if best else "") == cpu.variant


@pytest.mark.parametrize(("arch", "cpu"), ALL, ids=NAMES)
def test_qemu_has_every_cpu(arch: str, cpu: Cpu) -> None:
    listing = subprocess.run([program(arch), "-cpu", "help"], text=True, capture_output=True, check=False)
    assert cpu.name in listing.stdout.split()


@pytest.mark.parametrize(
    ("profile", "name", "lacks"),
    [
        ("armv8-a", "cortex-a53", ()),
        ("pi3", "cortex-a53", ()),
        ("pi4", "cortex-a72", ()),
        ("pi5", "cortex-a76", ()),
        ("pi5", "cortex-a72", ("lse", "rdm", "fp16", "dotprod")),
        ("armv7-a", "cortex-a7", ()),
        ("armv7-a", "cortex-a9", ("vfpv4",)),
        ("x86-64-v2", "Nehalem", ()),
        ("x86-64-v3", "SandyBridge", ("avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")),
        ("x86-64-v3", "Haswell", ()),
        ("x86-64-v4", "Skylake-Server", ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")),
    ],
)
def test_a_wheel_of_one_profile_runs_or_lacks(profile: str, name: str, lacks: tuple[str, ...]) -> None:
    (arch, cpu) = next((arch, cpu) for arch, cpu in ALL if cpu.name == name)
    features = PROFILES[profile]["features"]
    facts = {"supported": list(cpu.features), "required": features, "profile": profile}
    want = Expected(lacks=lacks) if lacks else Expected(variant=profile)
    assert expectation.expected([], arch, cpu, facts) == want
    assert not set(features) & set(cpu.absent) or lacks


def test_the_next_best_is_expected_of_what_is_left() -> None:
    facts = {"supported": list(A76.features), "required": ["neon"], "profile": "portable"}

    def best(left: Sequence[str]) -> str:
        return expectation.expected(left, "aarch64", A76, facts).variant

    left = BEST_FIRST.copy()
    left.remove("armv8.2_2")
    assert best(left) == "armv8.2_1"
    left.remove("armv8.2_1")
    assert best(left) == "armv8.0_1"
    left.remove("armv8.0_1")
    assert expectation.expected(left, "aarch64", A76, facts) == Expected()


def test_the_right_code_and_the_right_words_are_right() -> None:
    run = ended(A76, chose("armv8.2_2"), heard("And so, my fellow Americans,"))
    assert judge(run, BEST_FIRST, "aarch64", A76) == Verdict("armv8.2_2", "right")
    assert judge(ended(A76, chose("armv8.2_2")), BEST_FIRST, "aarch64", A76) == Verdict("armv8.2_2")
    assert judge(ended(A76, chose("pi5"), required=PI5), [], "aarch64", A76) == Verdict("pi5")


def test_the_encoder_is_told() -> None:
    told = {
        "step": "encoder",
        "backend": "openvino",
        "version": "2026.4.1-22982-e21-releases",
        "precision": "f32",
    }
    run = ended(A76, chose("armv8.2_2"), told, heard("And so, my fellow Americans,"))
    right = Verdict("armv8.2_2, OpenVINO 2026.4.1 f32", "right")
    assert judge(run, BEST_FIRST, "aarch64", A76) == right
    wrong = ended(A76, chose("armv8.2_2"), told, heard("Thank you."))
    assert judge(wrong, BEST_FIRST, "aarch64", A76).problem.startswith("should hear")


def test_without_an_ir_there_is_no_work(workshop: Workshop, tmp_path: Path) -> None:
    missing = tmp_path / "none.xml"
    with pytest.raises(
        BuildError, match=r"no IR of tiny\.en at .*none\.xml; nox -s build_wheel -- --openvino"
    ):
        emulate.main([str(workshop.good), "--openvino", "2026.4.1", "--ir", str(missing)])


def test_a_linked_wheel_finds_openvino_beside_it(tmp_path: Path) -> None:
    package, dependencies = tmp_path / "installed", tmp_path / "dependencies"
    package.mkdir()
    emulate._put_beside(package, dependencies / "openvino")
    assert list(package.iterdir()) == []
    (dependencies / "openvino" / "libs").mkdir(parents=True)
    emulate._put_beside(package, dependencies / "openvino")
    assert (package / "openvino" / "libs").is_dir()


def test_a_refusal_that_names_what_is_missing_is_right() -> None:
    said = refused("built for the profile 'pi5', and this CPU lacks lse, rdm, fp16, dotprod; install another")
    verdict = judge(ended(A72, said, required=PI5), [], "aarch64", A72)
    assert verdict == Verdict("refused: lacks lse rdm fp16 dotprod")


def test_a_long_list_is_cut_short() -> None:
    features = [f"x{number}" for number in range(9)]
    verdict = judge(ended(A72, refused(", ".join(features)), required=features), [], "aarch64", A72)
    assert verdict == Verdict("refused: lacks x0 x1 x2 x3 x4 x5 and 3 more")


def test_no_variant_left_must_be_said() -> None:
    left = [name for name in BEST_FIRST if name.startswith("armv9")]
    said = judge(ended(A72, refused("no CPU variant runs", "BackendError")), left, "aarch64", A72)
    assert said == Verdict("refused: no variant left")
    said = judge(ended(A72, refused("'NoneType' has no …", "AttributeError")), left, "aarch64", A72)
    assert said.problem == "should say so: AttributeError: 'NoneType' has no …"


WRONG: dict[str, tuple[Ended, list[str], str]] = {
    "another variant": (ended(A76, chose("armv8.0_1")), BEST_FIRST, "should run armv8.2_2: it was there"),
    "no refusal": (
        ended(A72, chose("pi5"), required=PI5),
        [],
        "ran; it needs lse, rdm, fp16, dotprod and must",
    ),
    "refused for nothing": (ended(A72, refused("no")), BEST_FIRST, "armv8.0_1 should run: ImportError: no"),
    "names too little": (
        ended(A72, refused("this CPU lacks lse, rdm, fp16"), required=PI5),
        [],
        "should be an ImportError that names lse, rdm, fp16, dotprod",
    ),
    "wrong words": (
        ended(A72, chose("armv8.0_1"), heard("Thank you.")),
        BEST_FIRST,
        "should hear 'and so my fellow american', heard 'Thank you.'",
    ),
    "a signal": (
        ended(A72, status=-signal.SIGILL),
        BEST_FIRST,
        "died of SIGILL after the step 'cpu'; last words",
    ),
    "a signal at once": (Ended(-11, "", "", 1.0), [], "died of SIGSEGV before its first step"),
    "an exception": (
        ended(A72, chose("armv8.0_1"), status=1),
        [],
        "ended with status 1 after the step 'backend'",
    ),
    "nothing said": (Ended(0, "", "", 1.0), [], "ended with status 0 before its first step"),
    "what the board lacks": (
        ended(A72, chose("pi5"), required=["neon", "aes"]),
        [],
        "needs aes, which qemu's cortex-a72 has and the board has not",
    ),
    "a guard that sees too much": (
        ended(A76, chose("armv8.0_1")),
        BEST_FIRST,
        "the guard sees dotprod, fp16, lse, rdm, which cortex-a72 has not",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what: str) -> None:
    run, variants, problem = WRONG[what]
    cpu = A76 if what == "another variant" else A72
    assert problem in judge(run, variants, "aarch64", cpu).problem


def test_a_guard_that_sees_too_little_is_found() -> None:
    assert "does not see dotprod, fp16" in judge(ended(A72, chose("x")), [], "aarch64", A76).problem


def test_the_newest_cpu_may_have_more() -> None:
    cpu = CPUS["aarch64"][-1]
    facts = {"supported": [*cpu.features, "more"], "required": ["more"], "profile": "later"}
    assert expectation.expected([], "aarch64", cpu, facts) == Expected(variant="later")


def test_a_signal_of_the_emulated_program_is_seen(tmp_path: Path) -> None:
    if HERE not in emulator.QEMU:
        pytest.skip(f"no emulator of {HERE}")
    program(HERE)
    script = tmp_path / "script.py"
    script.write_text("import os, signal\nprint('here', flush=True)\nos.kill(os.getpid(), signal.SIGILL)\n")
    version = ".".join(platform.python_version_tuple()[:2])
    run = emulator.find(HERE, version).run(CPUS[HERE][0].name, script, [], tmp_path)
    assert (run.signal, run.stdout) == ("SIGILL", "here\n")


def test_what_takes_forever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "qemu"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setattr(emulator, "PATIENCE", 0.2)
    with pytest.raises(BuildError, match=r"no end on cortex-a72 after 0 s"):
        Emulator(slow, Path("python3"), None).run("cortex-a72", tmp_path / "script.py", [], tmp_path)


def test_the_other_cpus_are_tried_when_one_takes_forever(
    place: emulate.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Emulator, cpu: str, *_: object) -> Ended:
        if cpu == "cortex-a72":
            raise BuildError("no end on cortex-a72 after 900 s")
        return ended(A76, refused("none"))

    monkeypatch.setattr(Emulator, "run", run)
    found = list(emulate.rows(place, [A72, A76], None))
    assert [row.cpu.name for row in found] == ["cortex-a72", "cortex-a76"]
    assert found[0].verdict.problem == "no end on cortex-a72 after 900 s"


def test_missing_qemu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match=r"qemu-arm-static is not on PATH.*apt-get install qemu-user-static"):
        emulator.find("armv7l", "3.11")


def test_a_variable_that_chooses_a_variant_does_not_reach_the_emulated_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYWHISPERCPP_CPU_VARIANT", "x64")
    monkeypatch.setenv("PYWHISPERCPP_MODELS_DIR", "kept")
    assert "PYWHISPERCPP_CPU_VARIANT" not in emulator._environment()
    assert emulator._environment()["PYWHISPERCPP_MODELS_DIR"] == "kept"


def test_a_wheel_for_a_machine_without_emulation_gets_the_list(workshop: Workshop) -> None:
    wheel = workshop.retag("cp311-cp311-manylinux_2_17_ppc64le")
    with pytest.raises(BuildError, match=r"it is for ppc64le; there are emulated CPUs for x86_64, aarch64"):
        emulate.main(["--quick", str(wheel)])


def test_a_wheel_for_another_python_than_debians_is_refused(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sysroot = Emulator(Path("qemu"), Path("python3.11"), tmp_path)
    monkeypatch.setattr(emulator, "find", lambda *_: sysroot)
    monkeypatch.setattr(emulate, "ask", lambda *_: PI)
    wheel = workshop.retag("cp313-cp313-manylinux_2_17_aarch64")
    with pytest.raises(BuildError, match=r"is for cp313, .* is cp311: run one built with --python 3\.11"):
        emulate.main(["--quick", str(wheel)])


def test_an_unknown_cpu_gets_the_list(workshop: Workshop) -> None:
    wheel = workshop.retag("cp311-cp311-manylinux_2_17_aarch64")
    with pytest.raises(
        BuildError, match=r"no CPU of aarch64 is named z80; there are:\n  cortex-a53     Raspb"
    ):
        emulate.main(["--cpu", "z80", str(wheel)])


def test_what_a_wheel_needs_is_installed_unless_the_sysroot_brings_it(wheel: Path) -> None:
    names = ["av", "numpy", "platformdirs", "requests", "rich", "shtab"]
    found = foreign.requirements(load(wheel), "aarch64")
    assert [line.split(">=")[0] for line in found] == names
    assert foreign.requirements(load(wheel), "armv7l") == [line for line in found if "numpy" not in line]


def test_the_platforms_of_a_glibc() -> None:
    tags = foreign.platforms(PI)
    assert tags[0] == "manylinux_2_36_aarch64"
    assert tags[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


def test_the_clip_is_the_beginning(jfk: Path, tmp_path: Path) -> None:
    with wave.open(str(emulate.clip(jfk, tmp_path))) as short, wave.open(str(jfk)) as long:
        assert short.getnframes() == 2.5 * short.getframerate()
        assert short.readframes(1000) == long.readframes(1000)


@pytest.fixture
def place(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> emulate.Place:
    """A portable wheel in name only: the emulated package chooses the best of the files that are left."""
    members = workshop.members()
    libraries = [f"pywhispercpp/libggml-cpu-{name}.so" for name in VARIANTS["aarch64"]]
    wheel = load(workshop.save({**members, **dict.fromkeys(libraries, b"")}))
    installed = tmp_path / "installed"
    for name in libraries:
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).touch()

    def run(self: Emulator, cpu: str, script: Path, arguments: Sequence[str], folder: Path) -> Ended:
        package = Path(json.loads(arguments[0])[0])
        left = [n for n in BEST_FIRST if (package / f"pywhispercpp/libggml-cpu-{n}.so").exists()]
        fit = usable(left, "aarch64", A76.features)
        return ended(A76, chose(fit[0]) if fit else refused("none", "BackendError"))

    monkeypatch.setattr(Emulator, "run", run)
    nothing = Emulator(Path("qemu"), Path("python"), None)
    return emulate.Place(wheel, "aarch64", nothing, installed, tmp_path, tmp_path)


def test_variants_are_hidden_one_by_one(place: emulate.Place) -> None:
    found = list(emulate.rows(place, [A76], None))
    assert [row.verdict.outcome for row in found] == [
        "armv8.2_2",
        "hidden one by one: armv8.2_2 armv8.2_1 armv8.0_1; then refused: no variant left",
    ]
    assert [row.verdict.problem for row in found] == ["", ""]
    assert len(list(place.package.rglob("*.so"))) == len(BEST_FIRST)


def test_a_portable_wheel_that_has_nothing_for_a_cpu_is_wrong(
    place: emulate.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Emulator, "run", lambda *_: ended(A76, refused("none", "BackendError")))
    monkeypatch.setattr(emulate, "variants_in", lambda *_: [])
    (row,) = emulate.rows(place, [A76], None)
    assert row.verdict.problem == "a portable wheel must have something for every CPU"


def test_a_wrong_choice_among_those_left_is_found(
    place: emulate.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Emulator, "run", lambda *_: ended(A76, chose("armv8.2_2")))
    (_, hidden) = emulate.rows(place, [A76], None)
    assert hidden.verdict.problem.startswith("without armv8.2_2: should run armv8.2_1")


def test_the_table_has_a_part_for_each_wheel_and_the_problems_below() -> None:
    rows = [
        emulate.Row(Path("dist/a.whl"), A72, Verdict("armv8.0_1", "right"), 59.4),
        emulate.Row(Path("dist/a.whl"), A76, Verdict("armv8.2_2", "right"), 32.0),
        emulate.Row(Path("dist/b.whl"), A72, Verdict("FAILED", problem="died of SIGILL"), 1.0),
    ]
    assert emulate.table(rows).splitlines() == [
        "dist/a.whl",
        "CPU         board           words  seconds  result",
        "cortex-a72  Raspberry Pi 4  right  59       armv8.0_1",
        "cortex-a76  Raspberry Pi 5  right  32       armv8.2_2",
        "",
        "dist/b.whl",
        "CPU         board           words  seconds  result",
        "cortex-a72  Raspberry Pi 4  -      1        FAILED",
        "",
        "b.whl on cortex-a72: died of SIGILL",
    ]


@pytest.mark.skipif(HERE != "x86_64", reason="runs this machine's own wheel on an older x86_64 CPU")
@pytest.mark.parametrize("hidden_guard", [False, True])
def test_a_real_wheel_on_an_old_cpu(
    workshop: Workshop,
    hidden_guard: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its guard refuses the wheel of these tests; without the guard's call nobody does."""
    program("x86_64")
    installed = Path(numpy.__file__).parent.parent  # offline: what the wheel needs is here already
    monkeypatch.setattr(foreign, "dependencies", lambda wheel, python: installed)
    wheel = workshop.good
    if hidden_guard:
        wheel = workshop.replace("pywhispercpp/__init__.py", "    require_cpu()\n", "    pass\n")
    import pywhispercpp

    if "avx" not in pywhispercpp.build_info().features:
        pytest.skip("a Nehalem can run the wheel of these tests")
    arguments = ["--quick", "--cpu", "Nehalem", str(wheel)]
    if not hidden_guard:
        emulate.main(arguments)
        assert "refused: lacks " in capsys.readouterr().out.splitlines()[-1]
        return
    with pytest.raises(SystemExit, match="1"):
        emulate.main(arguments)
    last = capsys.readouterr().out.splitlines()[-1]
    assert "on Nehalem: died of SIGILL after the step 'cpu'" in last or "must be refused" in last
