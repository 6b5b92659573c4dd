"""The Python a wheel is tried with, and whether the wheel is for it at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag

from scripts.errors import BuildError
from wheels.archive import WheelName
from wheels.tag import glibc_of, libc_asked, machine_of

#: Seconds to wait for an interpreter to say who it is.
PATIENCE = 60.0

_ASK = """
import json, platform, sys
print(json.dumps({
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:2]),
    "free_threaded": "t" in sys.abiflags,
    "machine": platform.machine(),
    # Not os.confstr: Python on musl knows the name CS_GNU_LIBC_VERSION too, and fails when it is asked.
    "libc": " ".join(platform.libc_ver()),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """What matters about a Python for installing a wheel; `glibc` is (0, 0) where there is none."""

    executable: Path
    implementation: str
    version: tuple[int, int]
    machine: str
    glibc: tuple[int, int]
    free_threaded: bool = False

    @property
    def number(self) -> str:
        """The version as it is asked for: 3.14, or 3.14t for the free-threaded build."""
        return f"{self.version[0]}.{self.version[1]}{'t' if self.free_threaded else ''}"

    @property
    def words(self) -> str:
        """The interpreter in words, for messages."""
        glibc = f"glibc {self.glibc[0]}.{self.glibc[1]}" if self.glibc > (0, 0) else "no glibc"
        name = {"cpython": "CPython"}.get(self.implementation, self.implementation)
        return f"{self.executable} is {name} {self.number}, {self.machine}, {glibc}"


def clean_environment() -> dict[str, str]:
    """Our environment without what would reach into another Python, or choose its OpenVINO."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV", "OPENVINO_LIB_DIR"))
    }


def ask(executable: Path, through: Sequence[str] = ()) -> Interpreter:
    """Ask an interpreter (a path, or a name on PATH) about itself; BuildError where it does not run.

    `through` is put before the command: an emulator, for the Python of another machine.
    """
    # absolute, not resolve: following the link would step out of a virtual environment.
    executable = Path(shutil.which(executable) or executable).absolute()
    try:
        said = subprocess.run(
            [*through, str(executable), "-I", "-c", _ASK],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
            env=clean_environment(),
        )
        facts = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise BuildError(f"{executable} does not answer as a Python: {error}; give --python") from error
    number = str(facts["libc"] or "").replace("glibc", "").strip().split(".")
    glibc = (int(number[0]), int(number[1])) if len(number) >= 2 else (0, 0)
    version = (int(facts["version"][0]), int(facts["version"][1]))
    implementation, machine = str(facts["implementation"]), str(facts["machine"])
    return Interpreter(executable, implementation, version, machine, glibc, bool(facts["free_threaded"]))


def refusal(name: WheelName, python: Interpreter) -> str:
    """Why the wheel cannot be installed there, in words; empty where it can."""
    reasons = [_reason(tag, python) for tag in name.tags]
    return "" if "" in reasons else sorted(reasons)[0]


def _reason(tag: Tag, python: Interpreter) -> str:
    """Why one tag does not fit, empty where it does."""
    own, platform = f"cp{python.version[0]}{python.version[1]}", tag.platform
    # The free-threaded build has an ABI of its own, and up to 3.14 no stable one.
    abis = (f"{own}t", "none") if python.free_threaded else (own, "abi3", "none")
    fits = tag.interpreter in (own, "py3", f"py{own[2:]}") and tag.abi in abis
    if python.implementation != "cpython" or not fits:
        wanted = tag.abi if tag.abi.startswith("cp") else tag.interpreter
        dotted = f"{wanted[2:3]}.{wanted[3:]}"
        return f"the wheel is for {wanted}, {python.words}; give --python with a CPython {dotted}"
    if platform != "any" and machine_of(platform) != python.machine:
        return (
            f"the wheel is for {machine_of(platform)}, {python.words}; try it on such a machine, "
            "or on emulated ones: nox -s emulate -- X.whl"
        )
    if libc_asked(platform) == "musl" and python.glibc > (0, 0):
        return (
            f"the wheel is for musl (Alpine Linux), {python.words}; take the manylinux wheel for it, "
            "or try it with: nox -s emulate -- X.whl"
        )
    if libc_asked(platform) == "glibc" and python.glibc == (0, 0):
        return f"the wheel is for glibc, {python.words}; take the musllinux wheel for it"
    if glibc_of(platform) > python.glibc:
        wanted_glibc = ".".join(map(str, glibc_of(platform)))
        return f"the wheel needs glibc {wanted_glibc}, {python.words}; build it on an older system"
    return ""
