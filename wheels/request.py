"""What a person asks for: one frozen object, the options of `nox -s build_wheel`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import openvino as runtime
from scripts import pins
from scripts.errors import BuildError
from toolchains import profiles, targets
from toolchains.literals import read_literals
from toolchains.python import interpreter
from wheels.promises import OPENVINO_BUILD

BACKENDS = ("bazel", "cmake")
#: How a wheel comes by OpenVINO: it loads any at run time, as every wheel can, or is linked with one version.
OPENVINO = ("dlopen", "linked")
PYTHON_VERSION: str = read_literals(pins.ROOT / "toolchains" / "python" / "version.bzl")["PYTHON_VERSION"]


@dataclass(frozen=True)
class Request:
    """A wheel to build: which build path, target, compiler, ISA profile and Python, and where it goes.

    `openvino` is one of OPENVINO where the wheel is to be tried with that runtime too, else empty.
    `fresh` leaves out the caches and workers that a person's own .bazelrc names.
    """

    backend: str
    target: str
    compiler: str
    profile: str
    python: dict[str, Any]
    dist: Path
    openvino: str = ""
    openvino_version: str = runtime.VERSION
    fresh: bool = False

    @property
    def arch(self) -> str:
        """The architecture of the target."""
        return str(targets.find(self.target)["arch"])

    @property
    def is_cross(self) -> bool:
        """Whether the compiler is another one than this machine's own gcc."""
        return self.target != targets.host() or self.compiler != "gcc"

    @property
    def links_openvino(self) -> bool:
        """Whether the wheel is linked with one version of OpenVINO."""
        return self.openvino == "linked"

    @property
    def openvino_runtime(self) -> Path:
        """Where the runtime for the target is laid out."""
        return runtime.place(self.openvino_version, self.arch)

    @property
    def ext_suffix(self) -> str:
        """The end of an extension's file name for the Python and the target."""
        suffix = str(self.python["ext_suffix"])
        multiarch = str(targets.find(self.target)["multiarch"])
        if self.python["tag"] in targets.GNU_EVERYWHERE:
            multiarch = multiarch.replace("musl", "gnu")
        return suffix.replace(self.python["multiarch"], multiarch)

    @property
    def build_number(self) -> str:
        """The build tag (PEP 427) of the file name: the profile, of a wheel that is for some CPUs only.

        One that is linked with OpenVINO tells that too.
        """
        tag = f"1{self.profile.replace('-', '_')}"
        if self.links_openvino:
            return tag + OPENVINO_BUILD
        return "" if self.profile == profiles.PORTABLE else tag

    @property
    def name(self) -> str:
        """What tells this build from others, for the name of its folder."""
        linked = f"-openvino{self.openvino_version}" if self.links_openvino else ""
        return f"{self.python['abi']}-{self.target}-{self.compiler}-{self.profile}{linked}"


def find_python(version: str) -> dict[str, Any]:
    """Return the facts of the interpreter for a version; BuildError where there is none."""
    try:
        return interpreter.find(version)
    except interpreter.InterpreterError as error:
        raise BuildError(str(error)) from error


def _profile(given: str | None, target: str) -> str:
    """The profile asked for, or what its target is built with otherwise."""
    return given or ("native" if target == targets.host() else str(targets.find(target)["profile"]))


def _compiler(given: str | None, target: str, profile: str) -> str:
    """The compiler asked for; zig for what leaves this machine, where old glibc and other targets count."""
    compiler = given or ("gcc" if target == targets.host() and profile != profiles.PORTABLE else "zig")
    if compiler == "gcc" and targets.find(target)["gcc"] is None:
        raise BuildError(f"no gcc builds for {target}; leave --compiler out, or say --compiler zig")
    return compiler


def _require_openvino(target: str) -> None:
    """Raise BuildError for a target that OpenVINO is not made for."""
    data, archs = targets.find(target), pins.OPENVINO["wheels"][runtime.VERSION]
    if data["libc"] != "glibc" or data["arch"] not in archs:
        raise BuildError(
            f"there is no OpenVINO for {target}; there is one for {', '.join(archs)}, with glibc"
        )


def _parser(dist: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s build_wheel --", description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, default="bazel", help="build path (default: bazel)")
    parser.add_argument(
        "--target", default=targets.host(), help="toolchains/targets.bzl (default: this machine)"
    )
    parser.add_argument("--compiler", choices=targets.COMPILERS, help="default: gcc here, zig for the rest")
    parser.add_argument(
        "--profile", help="toolchains/profiles.bzl (default: native; portable for other machines)"
    )
    parser.add_argument(
        "--python",
        default=PYTHON_VERSION,
        metavar="3.N[t]",
        help=f"default: {PYTHON_VERSION}; 3.14t is the free-threaded build",
    )
    parser.add_argument(
        "--openvino",
        nargs="?",
        const=OPENVINO[0],
        default="",
        choices=OPENVINO,
        help="try the wheel with OpenVINO too; linked: link it with that version, and pin it",
    )
    parser.add_argument(
        "--openvino-version", default=runtime.VERSION, help=f"default: {runtime.VERSION}", metavar="V"
    )
    parser.add_argument("--dist", type=Path, default=dist, help="folder for the wheel (default: wheels/dist)")
    return parser


def parse(argv: Sequence[str], dist: Path) -> Request:
    """Turn the command line into a Request; BuildError where one of its parts is not to be had."""
    given = _parser(dist).parse_args(argv)
    arch = targets.find(given.target)["arch"]
    profile = _profile(given.profile, given.target)
    profiles.require(profile, arch)
    if profile == "native" and given.target != targets.host():
        raise BuildError(
            f"the profile 'native' is for this machine ({targets.host()}), not for {given.target}"
        )
    if given.openvino:
        _require_openvino(given.target)
    return Request(
        backend=given.backend,
        target=given.target,
        compiler=_compiler(given.compiler, given.target, profile),
        profile=profile,
        python=find_python(given.python),
        dist=given.dist.resolve(),
        openvino=given.openvino,
        openvino_version=given.openvino_version,
    )
