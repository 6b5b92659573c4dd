"""The factory: fetch the inputs, build, prove and try one wheel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from scripts import fetch_wheels, fetch_whisper_cpp, fetch_zig
from scripts.command import entry_point
from toolchains import targets
from wheels import bazel_backend, cmake_backend
from wheels.collect import DIST, collect
from wheels.request import Request, parse
from wheels.smoke import from_here, smoke

BACKENDS: dict[str, Callable[[Request], Path]] = {
    "bazel": bazel_backend.build,
    "cmake": cmake_backend.build,
}
SPEECH = fetch_whisper_cpp.SOURCES / "samples" / "jfk.wav"


def fetch(request: Request) -> None:
    """Make sure that every pinned input of a request is there and verified."""
    fetch_whisper_cpp.fetch()
    fetch_wheels.fetch_all()
    if request.compiler == "zig":
        fetch_zig.fetch()


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
        print(f"\n{smoke(wheel, SPEECH, Path(request.python['executable']))}")
    else:
        print(f"\n{wheel.name}: {wheel.stat().st_size:,} bytes, checked and not run: it is for {request.target}")
        print(f"to run it under emulation: nox -s emulate -- {from_here(wheel)}")


if __name__ == "__main__":
    entry_point(main)
