"""qemu-user with a Python in it: runs one script on one emulated CPU."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import fetch_sysroot, musl_python
from scripts.command import echo
from scripts.errors import BuildError
from toolchains import profiles
from wheels.interpreter import clean_environment
from wheels.request import find_python

#: Architecture -> qemu's name for it.
QEMU = {"x86_64": "x86_64", "aarch64": "aarch64", "armv7l": "arm"}
#: Seconds for one script. The clip took 11 minutes on the `max` of x86_64, on two cores with much else to do.
PATIENCE = 1800.0


@dataclass(frozen=True)
class Ended:
    """How a program ended: its status (negative: a signal), what it said, how long it took."""

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def signal(self) -> str:
        """The signal that ended it, such as SIGILL; empty where none did."""
        return signal.Signals(-self.status).name if self.status < 0 else ""


@dataclass(frozen=True)
class Emulator:
    """qemu for one architecture, and a Python of it: in `sysroot`, or this machine's own (None)."""

    qemu: Path
    python: Path
    sysroot: Path | None

    def through(self, cpu: str) -> list[str]:
        """The start of a command line that runs a program of the architecture on an emulated CPU."""
        libraries = [] if self.sysroot is None else ["-L", str(self.sysroot)]
        return [str(self.qemu), *libraries, "-cpu", cpu]

    def run(self, cpu: str, script: Path, arguments: Sequence[str], folder: Path) -> Ended:
        """Run a script with nothing in reach but the standard library, and Debian's packages of a sysroot."""
        isolated = ["-I", "-S"] if self.sysroot is None else ["-I"]
        command = [*self.through(cpu), str(self.python), *isolated, str(script), *arguments]
        echo(command)
        start = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=_environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"no end on {cpu} after {PATIENCE:.0f} s: {' '.join(command)}") from error
        return Ended(done.returncode, done.stdout, _without_warnings(done.stderr), time.monotonic() - start)


def find(arch: str, version: str, libc: str = "glibc") -> Emulator:
    """qemu and a Python for an architecture and C library; BuildError says what is missing."""
    if arch not in QEMU:
        raise BuildError(f"{arch} cannot be emulated here; these can: {', '.join(QEMU)}")
    names = [f"qemu-{QEMU[arch]}-static", f"qemu-{QEMU[arch]}"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise BuildError(
            f"{names[0]} is not on PATH; it emulates {arch}. "
            "On Debian or Ubuntu: apt-get install qemu-user-static"
        )
    if libc == "musl":
        if f"python{version}" != musl_python.PYTHON:
            raise BuildError(f"there is a {musl_python.PYTHON} for musl here, the wheel is for {version}")
        sysroot = musl_python.make(arch)
        return Emulator(Path(found), musl_python.python(sysroot), sysroot)
    if arch == profiles.machine():
        return Emulator(Path(found), Path(find_python(version)["executable"]), None)
    sysroot = fetch_sysroot.fetch(arch)
    return Emulator(Path(found), fetch_sysroot.python(sysroot), sysroot)


def _environment() -> dict[str, str]:
    """Ours without what would choose a variant; one thread for OpenBLAS: numpy starts it, nobody uses it."""
    kept = {name: value for name, value in clean_environment().items() if name != "PYWHISPERCPP_CPU_VARIANT"}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}


def _without_warnings(stderr: str) -> str:
    """qemu names each feature of a CPU that it leaves out; those of use here are in cpus.py."""
    lines = stderr.splitlines()
    return "\n".join(line for line in lines if "warning: TCG doesn't support requested feature" not in line)
