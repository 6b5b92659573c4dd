"""The CPU variants of a portable wheel: the best is taken, one can be forced, and what cannot be says why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from toolchains.profiles import VARIANTS, machine

HASWELL = "sse3 ssse3 sse4.1 sse4.2 popcnt avx f16c fma avx2 bmi2".split()
NEON = "neon crc32 lse rdm dotprod fp16".split()
# A CPU of this architecture, its best variant, the next best one, and one that it cannot run.
CPU, BEST, NEXT, TOO_NEW = {
    "x86_64": (HASWELL, "haswell", "piledriver", "zen4"),
    "aarch64": (NEON, "armv8.2_2", "armv8.2_1", "armv8.6_1"),
}[machine()]


@pytest.fixture(scope="session")
def unpacked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portable wheel as an installer unpacks it."""
    (wheel,) = (root / "build" / "test-wheels" / "portable").glob("*.whl")
    folder = tmp_path_factory.mktemp("portable")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture
def own(unpacked: Path, tmp_path: Path) -> Path:
    """A copy of the unpacked wheel, to be damaged."""
    return Path(shutil.copytree(unpacked, tmp_path / "own"))


def run(site: Path, code: str, cpu: list[str] | None = None, **environment: str) -> Any:  # noqa: ANN401
    """Run code with the wheel in `site` imported as p; what it assigns to `result`, or the error in words."""
    pretend = f"_cpu.supported = lambda: {cpu!r}" if cpu is not None else ""
    script = f"""
import sys, json
sys.path.insert(0, {str(site)!r})
import pywhispercpp as p
from pywhispercpp import _cpu
{pretend}
try:
    {code}
except p.PywhispercppError as error:
    result = f"{{type(error).__name__}}: {{error}}"
print(json.dumps(result))
"""
    env = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", script], text=True, capture_output=True, env=env, cwd=site, check=False
    )
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


INFO = "i = p.backend_info(); result = [i.variant, i.forced, i.reason, i.available, i.unusable, i.library]"


def test_the_best_variant_for_the_cpu_is_taken(unpacked: Path) -> None:
    variant, forced, reason, available, unusable, library = run(unpacked, INFO, CPU)
    assert (variant, forced) == (BEST, False)
    assert reason == f"the best of {len(VARIANTS[machine()])} that this CPU can run"
    assert available == list(reversed(VARIANTS[machine()]))
    assert library == str(unpacked / "pywhispercpp" / f"libggml-cpu-{BEST}.so")
    assert set(unusable[TOO_NEW]) == set(VARIANTS[machine()][TOO_NEW]["features"]) - set(CPU)
    assert BEST not in unusable


def test_what_is_taken_here_is_what_the_data_say(unpacked: Path) -> None:
    code = "result = [p.backend_info().variant, _cpu.supported()]"
    variant, supported = run(unpacked, code)
    usable = [name for name, v in VARIANTS[machine()].items() if set(v["features"]) <= set(supported)]
    assert variant == usable[-1]


def test_only_the_chosen_library_is_loaded_and_none_from_elsewhere(own: Path) -> None:
    (own / "libggml-cpu-evil.so").write_bytes(b"not even a library")
    shutil.copy(own / "pywhispercpp" / f"libggml-cpu-{NEXT}.so", own / "libggml-cpu-other.so")
    code = "p.system_info(); result = open('/proc/self/maps').read()"
    maps = run(own, code, CPU)
    loaded = {line.split()[-1] for line in maps.splitlines() if "ggml" in line}
    package = own / "pywhispercpp"
    assert loaded == {str(package / f"libggml-cpu-{BEST}.so"), str(package / "libpywhispercpp-ggml-base.so")}


def test_a_variant_can_be_forced_by_the_environment_and_by_an_option(unpacked: Path) -> None:
    variant, forced, reason, *_ = run(unpacked, INFO, CPU, PYWHISPERCPP_CPU_VARIANT=NEXT)
    assert (variant, forced, reason) == (NEXT, True, "asked for by PYWHISPERCPP_CPU_VARIANT")
    worst = next(iter(VARIANTS[machine()]))
    code = f"p.use_cpu_variant({worst!r}); {INFO}"
    variant, forced, reason, *_ = run(unpacked, code, CPU, PYWHISPERCPP_CPU_VARIANT=NEXT)
    assert (variant, forced, reason) == (worst, True, "asked for by cpu_variant")


@pytest.mark.parametrize("how", ["environment", "option", "model"])
def test_an_unknown_variant_lists_the_known(unpacked: Path, tiny_en: Path, how: str) -> None:
    codes = {
        "environment": "result = p.backend_info()",
        "option": "result = p.use_cpu_variant('z80')",
        "model": f"result = p.Model({str(tiny_en)!r}, cpu_variant='z80')",
    }
    environment = {"PYWHISPERCPP_CPU_VARIANT": "z80"} if how == "environment" else {}
    said = run(unpacked, codes[how], CPU, **environment)
    name = "PYWHISPERCPP_CPU_VARIANT" if how == "environment" else "cpu_variant"
    assert said.startswith(f"OptionError: {name}='z80' is unknown; this CPU can run: {BEST}, {NEXT}, ")


def test_a_variant_that_the_cpu_cannot_run_is_refused_by_what_it_lacks(unpacked: Path) -> None:
    said = run(unpacked, f"result = p.use_cpu_variant({TOO_NEW!r})", CPU)
    missing = [f for f in VARIANTS[machine()][TOO_NEW]["features"] if f not in CPU]
    assert f"{TOO_NEW!r} needs {', '.join(missing)}, which this CPU lacks; this CPU can run: {BEST}" in said


def test_the_choice_is_made_once(unpacked: Path) -> None:
    code = f"p.backend_info(); p.use_cpu_variant({BEST!r}); result = p.use_cpu_variant({NEXT!r})"
    said = run(unpacked, code, CPU)
    assert f"this process runs {BEST!r} already; choose before the first model" in said


def test_with_variants_hidden_the_next_best_is_taken_until_none_is_left(own: Path) -> None:
    usable = [name for name, v in VARIANTS[machine()].items() if set(v["features"]) <= set(CPU)]
    for name in reversed(usable):
        assert run(own, "result = p.backend_info().variant", CPU) == name
        (own / "pywhispercpp" / f"libggml-cpu-{name}.so").unlink()
    said = run(own, "result = p.backend_info()", CPU)
    assert said.startswith("BackendError: no CPU variant in ")
    assert f"{TOO_NEW} needs " in said
    for library in (own / "pywhispercpp").glob("libggml-cpu-*.so"):
        library.unlink()
    said = run(own, "result = p.backend_info()", CPU)
    assert said.startswith("BackendError: the CPU variants (libggml-cpu-*.so) are missing from ")


def test_a_damaged_library_is_an_error_that_names_it(own: Path) -> None:
    library = own / "pywhispercpp" / f"libggml-cpu-{BEST}.so"
    library.write_bytes(b"\x7fELF and nothing else")
    said = run(own, "result = p.system_info()", CPU)
    assert said.startswith(f"BackendError: ggml cannot use {library}: ")
    assert said.endswith("install pywhispercpp again, or choose another by PYWHISPERCPP_CPU_VARIANT")


def test_every_variant_that_this_cpu_can_run_hears_the_same(unpacked: Path, tiny_en: Path, jfk: Path) -> None:
    info = run(unpacked, INFO)
    usable = [name for name in info[3] if name not in info[4]]
    assert usable
    code = (
        f"m = p.Model({str(tiny_en)!r}, cpu_variant=%r, n_threads=2); a = m._load_audio({str(jfk)!r})[:64000]; "
        "result = [p.backend_info().variant, ' '.join(s.text for s in m.transcribe(a, audio_ctx=256))]"
    )
    for name in usable:
        variant, text = run(unpacked, code % name)
        assert variant == name
        assert "my fellow americans" in text.lower(), name


@pytest.fixture
def profile() -> str:
    """The profile of the installed wheel, where it is a wheel of one profile."""
    import pywhispercpp

    profile = pywhispercpp.build_info().profile
    if profile == "portable":
        pytest.skip("the installed wheel is the portable one")
    return profile


def test_a_wheel_of_one_profile_has_one_variant(profile: str) -> None:
    import pywhispercpp

    info = pywhispercpp.backend_info()
    assert (info.variant, info.available, info.unusable, info.library) == (profile, (profile,), {}, "")
    assert info.reason == f"built for the profile {profile!r}: the only one inside"
    assert pywhispercpp.use_cpu_variant(profile) == info
    with pytest.raises(pywhispercpp.OptionError, match=f"runs {profile!r} already"):
        pywhispercpp.use_cpu_variant("haswell")


def test_in_a_wheel_of_one_profile_another_variant_is_refused(profile: str) -> None:
    code = "import pywhispercpp as p; p.backend_info()"
    env = {**os.environ, "PYWHISPERCPP_CPU_VARIANT": "z80"}
    done = subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "PYWHISPERCPP_CPU_VARIANT='z80': this wheel holds one variant only, " + repr(profile) in done.stderr


@pytest.mark.parametrize("wrong", [1, b"haswell", ["haswell"]])
def test_a_variant_that_is_no_text_is_refused(tiny_en: Path, wrong: object) -> None:
    import pywhispercpp

    with pytest.raises(pywhispercpp.OptionError, match="cpu_variant must be text, not"):
        pywhispercpp.Model(str(tiny_en), cpu_variant=wrong)  # type: ignore[arg-type]
