"""Installs a wheel and its dependencies into folders, for a Python that is not this one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement

from scripts.command import run
from scripts.pins import BUILD
from scripts.replace_tree import is_current, replacing
from wheels.archive import Wheel
from wheels.interpreter import Interpreter

#: The oldest glibc of manylinux_2_N tags, and the newest of the tags that have names instead.
_OLDEST = 17
_NAMED = "manylinux2014"
#: What the sysroot of an architecture brings, because the package index has no wheel of it.
BROUGHT = {"armv7l": frozenset({"numpy"})}


def requirements(wheel: Wheel, arch: str) -> list[str]:
    """What the wheel declares that it needs, extras and what the sysroot brings left out."""
    declared = HeaderParser().parsestr(wheel.text("METADATA")).get_all("Requires-Dist", [])
    found = [Requirement(line) for line in declared]
    brought = BROUGHT.get(arch, frozenset())
    return sorted(str(r) for r in found if r.name not in brought and "extra" not in str(r.marker or ""))


def platforms(python: Interpreter) -> list[str]:
    """The platform tags that fit an interpreter, the best first."""
    if python.glibc == (0, 0):
        return [f"musllinux_1_{minor}_{python.machine}" for minor in (2, 1)]
    newest = python.glibc[1]
    numbered = [f"manylinux_2_{minor}_{python.machine}" for minor in range(newest, _OLDEST - 1, -1)]
    return [*numbered, f"{_NAMED}_{python.machine}"]


def _install(what: Sequence[str | Path], python: Interpreter, tags: Sequence[str], folder: Path) -> None:
    version = ".".join(map(str, python.version))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    kind = ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}"]
    run([*pip, *kind, *(f"--platform={tag}" for tag in tags), "--target", folder, *what])


def install(wheel: Wheel, python: Interpreter, folder: Path) -> Path:
    """Install the wheel alone into `folder`; the caller has made sure that it fits the interpreter."""
    _install(["--no-deps", wheel.path.resolve()], python, sorted(wheel.platforms), folder)
    return folder


def dependencies(wheel: Wheel, python: Interpreter, folder: Path = BUILD / "emulate") -> Path:
    """Make sure that what the wheel needs lies below `folder`, for the interpreter; return where.

    It is kept until a wheel declares something else; remove the folder to get newer versions.
    """
    wanted = requirements(wheel, python.machine)
    libc = "" if python.glibc > (0, 0) else "-musl"
    target = folder / f"cp{python.version[0]}{python.version[1]}-{python.machine}{libc}"
    stamp = "\n".join(wanted)
    if not is_current(target, stamp):
        with replacing(target, stamp) as fresh:
            # pip makes the folder of --target itself, and warns about one that holds something.
            _install(wanted, python, platforms(python), fresh)
    return target
