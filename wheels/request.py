"""What a person asks for: one frozen object, the options of `nox -s build_wheel`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from scripts.pins import ROOT
from toolchains import profiles
from toolchains.literals import read_literals
from toolchains.python import interpreter

BACKENDS = ("bazel", "cmake")
PYTHON_VERSION: str = read_literals(ROOT / "toolchains" / "python" / "version.bzl")["PYTHON_VERSION"]


@dataclass(frozen=True)
class Request:
    """A wheel to build: which build path, ISA profile and Python, and where it goes."""

    backend: str
    profile: str
    python: dict[str, Any]
    dist: Path


def find_python(version: str) -> dict[str, Any]:
    """Return the facts of the interpreter for a version; BuildError where there is none."""
    try:
        return interpreter.find(version)
    except interpreter.InterpreterError as error:
        raise BuildError(str(error)) from error


def parse(argv: Sequence[str], dist: Path) -> Request:
    """Turn the command line into a Request; BuildError where a profile or a Python is not to be had."""
    parser = argparse.ArgumentParser(prog="nox -s build_wheel --", description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, default="bazel", help="build path (default: bazel)")
    parser.add_argument("--profile", default="native", help="ISA profile of toolchains/profiles.bzl")
    parser.add_argument(
        "--python",
        default=PYTHON_VERSION,
        metavar="3.N[t]",
        help=f"default: {PYTHON_VERSION}; 3.14t is the free-threaded build",
    )
    parser.add_argument("--dist", type=Path, default=dist, help="folder for the wheel (default: wheels/dist)")
    given = parser.parse_args(argv)
    profiles.flags(given.profile, profiles.machine())
    return Request(given.backend, given.profile, find_python(given.python), given.dist.resolve())
