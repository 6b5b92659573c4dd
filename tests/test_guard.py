"""The CPU guard: a CPU that lacks something gets an ImportError that says what, never SIGILL."""

from __future__ import annotations

import importlib.machinery
import json
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from scripts.pins import WHISPER_CPP
from toolchains import profiles
from toolchains.emit_cmake import SOURCES

QEMU = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
emulated = pytest.mark.skipif(
    QEMU is None or platform.machine() != "x86_64",
    reason="needs an x86_64 machine with qemu-x86_64 on PATH; on Debian: apt-get install qemu-user-static",
)
V2 = ["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"]
V3 = [*V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"]
# Features of isa_features.h that each CPU has, and some that it has not.
CPUS = {
    "core2duo": (["sse3", "ssse3"], ["sse4.2", "popcnt", "avx"]),
    "Nehalem": (V2, ["avx", "fma", "f16c", "avx2"]),
    "SandyBridge": ([*V2, "aes", "pclmul", "avx"], ["avx2", "fma", "f16c"]),
    "Haswell": ([*V3, "aes", "pclmul"], ["adx", "sha", "avx512f"]),
    "max": ([*V3, "adx"], ["avx512f", "amx-tile"]),
}
# A CPU, what is built for it, and what it lacks then.
PAIRS = [
    ("x86-64-v2", "Nehalem", []),
    ("x86-64-v2", "core2duo", ["sse4.1", "sse4.2", "popcnt"]),
    ("x86-64-v3", "Haswell", []),
    ("x86-64-v3", "SandyBridge", ["avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"]),
    ("x86-64-v4", "Haswell", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
]
RUNNABLE = {"core2duo": "native", "Nehalem": "x86-64-v2", "SandyBridge": "x86-64-v2", "Haswell": "x86-64-v3"}


def under(cpu: str, code: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python code on an emulated CPU."""
    command = [str(QEMU), "-cpu", cpu, sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False, timeout=120)


def test_this_cpu_has_what_the_package_needs() -> None:
    from pywhispercpp import _cpu, backend

    assert set(_cpu.required()) <= set(_cpu.supported())
    assert backend.missing_features() == []
    assert list(backend.build_info().features) == _cpu.required()
    backend.require_cpu()


def test_what_the_cpu_says_is_what_the_kernel_says(root: Path) -> None:
    from pywhispercpp import _cpu

    if platform.machine() != "x86_64" or not Path("/proc/cpuinfo").exists():
        pytest.skip("compares with the flags of an x86_64 Linux kernel")
    (line, *_) = [row for row in Path("/proc/cpuinfo").read_text().splitlines() if row.startswith("flags")]
    flags = {flag.replace("_", "") for flag in line.split()}
    names = {"sse3": "pni", "pclmul": "pclmulqdq", "lzcnt": "abm", "bmi": "bmi1", "sha": "shani"}
    names |= {feature: feature.replace("-", "") for feature in ("amx-tile", "amx-int8", "amx-bf16")}
    header = (root / "pywhispercpp" / "csrc" / "isa_features.h").read_text(encoding="utf-8")
    features = re.findall(r'X\("([^"]+)", \w+, cpuid', header)
    assert set(V3) < set(features)
    for feature in features:
        kernel_name = names.get(feature, feature.replace(".", ""))
        assert (feature in _cpu.supported()) == (kernel_name in flags), feature


@emulated
@pytest.mark.parametrize("cpu", CPUS)
def test_the_guard_sees_the_emulated_cpu_not_the_host(cpu: str) -> None:
    from pywhispercpp import _cpu

    loader = "import importlib.util as u, json\n"
    loader += f"spec = u.spec_from_file_location('_cpu', {_cpu.__file__!r})\n"
    loader += "cpu = u.module_from_spec(spec); spec.loader.exec_module(cpu)\n"
    loader += "print(json.dumps(cpu.supported()))"
    done = under(cpu, loader)
    assert done.returncode == 0, done.stderr
    supported = set(json.loads(done.stdout))
    has, lacks = CPUS[cpu]
    assert set(has) <= supported
    assert not set(lacks) & supported


@emulated
@pytest.mark.parametrize("cpu", ["Nehalem", "SandyBridge"])
def test_the_installed_package_refuses_an_old_cpu(cpu: str) -> None:
    from pywhispercpp import _cpu, build_info

    if "avx2" not in _cpu.required():
        pytest.skip(f"the package was built for {build_info().profile}, which old CPUs can run")
    done = under(cpu, "import pywhispercpp")
    assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        f"ImportError: this pywhispercpp was built for the profile '{build_info().profile}'"
    )
    lacking = last.split("lacks ")[1].split(";")[0].split(", ")
    assert {"avx2", "fma", "f16c"} <= set(lacking) <= set(_cpu.required())
    assert last.endswith("nox -s build_wheel -- --profile x86-64-v2")


@emulated
@pytest.mark.parametrize(("profile", "cpu", "missing"), PAIRS)
def test_each_profile_on_cpus_that_can_and_cannot(
    guard: dict[str, Path], profile: str, cpu: str, missing: list[str]
) -> None:
    code = "from pywhispercpp.backend import require_cpu; require_cpu(); print('runs')"
    done = under(cpu, code, guard[profile])
    if not missing:
        assert done.stdout == "runs\n", done.stderr
        return
    assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
    last = done.stderr.splitlines()[-1]
    assert f"profile '{profile}', and this CPU lacks {', '.join(missing)};" in last
    assert last.endswith(f"--profile {RUNNABLE[cpu]}")


@pytest.fixture(scope="module")
def guard(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each profile a package that holds the guard alone, compiled as the wheels compile it."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    made = {}
    for profile in {profile for profile, _, _ in PAIRS}:
        made[profile] = tmp_path_factory.mktemp(profile)
        _make_package(gcc, root, profile, made[profile] / "pywhispercpp")
    return made


def _make_package(gcc: str, root: Path, profile: str, package: Path) -> None:
    package.mkdir()
    (package / "__init__.py").write_text("")
    shutil.copy(root / "pywhispercpp" / "backend.py", package)
    header = (root / "pywhispercpp" / "csrc" / "build_info.h.in").read_text(encoding="utf-8")
    header = header.replace("@PROFILE@", profile).replace("@GGML_VERSION@", WHISPER_CPP["ggml_version"])
    (package / "build_info.h").write_text(header)
    flags = {"srcs": profiles.flags(profile, "x86_64"), "baseline_srcs": profiles.BASELINE["x86_64"]["gcc"]}
    objects = []
    for kind, extra in flags.items():
        for name in SOURCES["EXTENSIONS"]["_cpu"][kind]:
            objects.append(package / f"{name}.o")
            source = root / "pywhispercpp" / "csrc" / name
            includes = [f"-I{package}", f"-I{source.parent}", f"-I{sysconfig.get_path('include')}"]
            command = [gcc, *includes, *SOURCES["COPTS"], *extra, "-c", str(source), "-o", str(objects[-1])]
            subprocess.run(command, check=True)
    module = package / f"_cpu{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    subprocess.run([gcc, "-shared", *map(str, objects), "-o", str(module)], check=True)
