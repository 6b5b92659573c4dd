"""The factory: fetch the inputs, build, prove and try one wheel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts import fetch_openvino, fetch_wheels, fetch_whisper_cpp, fetch_zig
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.whisper_cpp import SOURCES
from toolchains import targets
from wheels import bazel_backend, cmake_backend
from wheels.collect import DIST, collect
from wheels.request import Request, parse
from wheels.smoke import from_here, smoke

BACKENDS: dict[str, Callable[[Request], Path]] = {
    "bazel": bazel_backend.build,
    "cmake": cmake_backend.build,
}
SPEECH = SOURCES / "samples" / "jfk.wav"


def require_compiler(request: Request) -> None:
    """Raise BuildError, with how to get it, where the gcc of a request is not on PATH."""
    if request.compiler != "gcc" or ("CC" in os.environ and not request.is_cross):
        return
    triple = targets.find(request.target)["gcc"] if request.is_cross else ""
    prefix, package = (f"{triple}-", f"g++-{triple.replace('_', '-')}") if triple else ("", "g++")
    for tool in (prefix + "gcc", prefix + "g++"):
        if shutil.which(tool) is None:
            raise BuildError(
                f"{tool} is not on PATH; on Debian or Ubuntu: apt-get install {package} (or let zig compile, "
                "which is fetched by itself: --compiler zig)"
            )


def fetch(request: Request) -> None:
    """Make sure that the compiler and every pinned input of a request are there, and verified."""
    require_compiler(request)
    fetch_whisper_cpp.fetch()
    fetch_wheels.fetch_all()
    if request.compiler == "zig":
        fetch_zig.fetch()
    if request.openvino:
        fetch_openvino.fetch(request.openvino_version, request.arch)


def build(request: Request) -> Path:
    """Build, tag and check the wheel of a request; return it in its place in `request.dist`."""
    fetch(request)
    return collect(BACKENDS[request.backend](request), request.dist, request.build_number)


def main(argv: Sequence[str]) -> None:
    """Build the wheel, then try it where this machine can; the summary comes last."""
    request = parse(argv, DIST)
    wheel = build(request)
    print(wheel, flush=True)
    if request.target == targets.host():
        runtime = request.openvino_runtime if request.openvino else None
        print(f"\n{smoke(wheel, SPEECH, Path(request.python['executable']), openvino=runtime)}")
    else:
        print(
            f"\n{wheel.name}: {wheel.stat().st_size:,} bytes, checked and not run: it is for {request.target}"
        )
        print(f"to run it under emulation: nox -s emulate -- {from_here(wheel)}")


if __name__ == "__main__":
    entry_point(main)
