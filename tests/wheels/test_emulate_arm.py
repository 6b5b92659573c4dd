"""A Raspberry Pi's guard on emulated boards: the wheel of a newer one is refused, not killed by SIGILL."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from scripts.fetch_sysroot import python
from scripts.pins import BUILD
from toolchains import profiles
from toolchains.emit_cmake import SOURCES
from wheels.cpus import CPUS
from wheels.emulator import Emulator

GCC = shutil.which("aarch64-linux-gnu-gcc")
QEMU = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
SYSROOT = BUILD / "sysroot" / "aarch64"
pytestmark = [
    pytest.mark.skipif(GCC is None, reason="needs apt-get install gcc-aarch64-linux-gnu"),
    pytest.mark.skipif(QEMU is None, reason="needs apt-get install qemu-user-static"),
    pytest.mark.skipif(not SYSROOT.is_dir(), reason="needs python -m scripts.fetch_sysroot aarch64"),
]
BOARDS = {cpu.name: cpu for cpu in CPUS["aarch64"]}
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pywhispercpp import _cpu, backend
print(json.dumps(_cpu.supported()))
backend.require_cpu()
"""


@pytest.fixture(scope="module")
def boards() -> Emulator:
    """qemu and Debian's Python for 64-bit Arm."""
    assert QEMU is not None
    return Emulator(Path(QEMU), python(SYSROOT), SYSROOT)


@pytest.fixture(scope="module")
def pi5(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with nothing but the guard in it, compiled for the Pi 5 as a wheel's is."""
    folder = tmp_path_factory.mktemp("pi5")
    package, sources = folder / "pywhispercpp", root / "pywhispercpp" / "csrc"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(root / "pywhispercpp" / "backend.py", package)
    header = (sources / "build_info.h.in").read_text(encoding="utf-8").replace("@PROFILE@", "pi5")
    (package / "build_info.h").write_text(header)
    flags = {"srcs": profiles.flags("pi5", "aarch64"), "baseline_srcs": profiles.BASELINE["aarch64"]["gcc"]}
    includes = [f"-I{place}" for place in (package, sources, sysconfig.get_path("include"))]
    objects = []
    for kind, extra in flags.items():
        for name in SOURCES["EXTENSIONS"]["_cpu"][kind]:
            objects.append(str(package / f"{name}.o"))
            command = [*includes, *SOURCES["COPTS"], *extra, "-c", str(sources / name), "-o", objects[-1]]
            subprocess.run([str(GCC), *command], check=True)
    module = package / "_cpu.cpython-311-aarch64-linux-gnu.so"
    subprocess.run([str(GCC), "-shared", *objects, "-o", str(module)], check=True)
    return folder


@pytest.mark.parametrize("name", BOARDS)
def test_the_guard_of_a_pi5_wheel(boards: Emulator, pi5: Path, name: str, tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASK)
    run = boards.run(name, script, [str(pi5)], tmp_path)
    assert run.signal == ""
    supported, cpu = set(json.loads(run.stdout)), BOARDS[name]
    assert set(cpu.features) <= supported
    assert cpu.newest or supported == set(cpu.features)
    lacks = [feature for feature in profiles.PROFILES["pi5"]["features"] if feature not in cpu.features]
    if not lacks:
        assert run.status == 0, run.stderr
        return
    assert lacks == ["lse", "rdm", "fp16", "dotprod"]
    last = run.stderr.splitlines()[-1]
    assert run.status == 1
    assert "built for the profile 'pi5', and this CPU lacks lse, fp16, rdm, dotprod;" in last
    assert last.endswith("--profile armv8-a")
