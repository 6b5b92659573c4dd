"""Build the sdist, prove it, and put it into wheels/dist: `python -m wheels.sdist`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from scripts import fetch_whisper_cpp
from scripts.command import capture, entry_point
from scripts.errors import BuildError
from scripts.pins import ROOT
from scripts.whisper_cpp import SOURCES
from toolchains import sdist_files
from toolchains.subset import needed
from wheels import cmake_backend
from wheels.collect import DIST
from wheels.promises import SDIST_MEMBER_TIME
from wheels.request import Request, parse
from wheels.sdist_checks import verify
from wheels.staging import staging
from wheels.sums import sha256

_MAKE = "import sys; from toolchains.pep517 import build_sdist; print(build_sdist(sys.argv[1]))"


def make(folder: Path, request: Request, root: Path = ROOT) -> Path:
    """Let the build backend of the checkout (or unpacked sdist) `root` write its sdist into `folder`.

    Every member gets one time, whatever SOURCE_DATE_EPOCH says here: equal files make an equal sdist.
    """
    python = cmake_backend.environment(request)
    said = capture([python, "-c", _MAKE, folder], cwd=root, env={"SOURCE_DATE_EPOCH": str(SDIST_MEMBER_TIME)})
    return folder / said.splitlines()[-1]


def expected(tree: Path) -> dict[str, bytes]:
    """Return what must be inside, by name: git's files from here, and what is compiled of `tree`."""
    files = {name: (ROOT / name).read_bytes() for name in sdist_files.tracked()}
    return {**files, **{f"{sdist_files.TREE}/{name}": (tree / name).read_bytes() for name in needed(tree)}}


def _tree(folder: Path) -> Path:
    """Unpack whisper.cpp anew: that in build/ could have been changed by hand since it was verified."""
    with redirect_stdout(StringIO()):
        return fetch_whisper_cpp.fetch(folder / "whisper.cpp")


def build(request: Request) -> Path:
    """Write the sdist, check it, and return it in its place in `request.dist`.

    Raises BuildError, and leaves `dist` as it was, for an sdist with findings.
    """
    if not sdist_files.is_checkout():
        raise BuildError(f"{ROOT} is no git checkout: what belongs into an sdist is what git tracks")
    fetch_whisper_cpp.fetch(SOURCES)
    request.dist.mkdir(parents=True, exist_ok=True)
    with staging(f".{request.dist.name}-", request.dist.parent) as folder:
        candidate = make(folder, request)
        findings = verify(candidate, expected(_tree(folder)))
        if findings:
            lines = "\n".join(f"  {finding}" for finding in findings)
            raise BuildError(f"{candidate.name} is not good enough to be collected:\n{lines}")
        return candidate.replace(request.dist / candidate.name)


def _remarks() -> list[str]:
    """What to know of this checkout: changes that are in no commit, files that git does not know."""
    lines = capture(["git", "status", "--porcelain"], cwd=ROOT).splitlines()
    left_out = [line.removeprefix("?? ") for line in lines if line.startswith("?? ")]
    remarks = ["not of a commit: tracked files are changed"] if len(lines) > len(left_out) else []
    return remarks + [f"left out, for git does not track it: {name}" for name in left_out]


def main(argv: Sequence[str]) -> None:
    """Build the sdist; print its facts, its path last."""
    parser = argparse.ArgumentParser(prog="nox -s sdist --", description=__doc__)
    parser.add_argument("--dist", type=Path, default=DIST, help="folder for the sdist (default: wheels/dist)")
    path = build(parse(["--backend", "cmake"], parser.parse_args(argv).dist.resolve()))
    print(*_remarks(), f"size    {path.stat().st_size:,} bytes", f"sha256  {sha256(path)}", path, sep="\n")


if __name__ == "__main__":
    entry_point(main)
