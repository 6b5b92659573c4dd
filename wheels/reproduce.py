"""Build this commit twice, in two places and one after the other, and compare the wheels byte for byte."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts import bazel
from scripts.command import Argument, capture, echo, entry_point, run
from scripts.errors import BuildError
from scripts.pins import BUILD, ROOT
from toolchains import targets
from wheels.compare import differences
from wheels.request import BACKENDS
from wheels.staging import staging
from wheels.sums import sha256

#: Run inside a clone, so that nothing of this checkout but its commit and its downloads takes part.
#: Two builds that share a cache would only compare one with itself.
_BUILD = """
from dataclasses import replace
from scripts.command import entry_point
from wheels.build import build
from wheels.collect import DIST
from wheels.request import parse
entry_point(lambda argv: print(build(replace(parse(argv, DIST), fresh=True))))
"""

#: Folder below a temporary one -> what the build there finds in its environment. SOURCE_DATE_EPOCH must
#: change nothing, the ISA least of all: ggml's own CMake leaves -march=native out where it is set.
PLACES: dict[str, dict[str, str]] = {
    "a": {"TZ": "UTC", "LC_ALL": "C"},
    "second/much/deeper": {"SOURCE_DATE_EPOCH": "1000000000", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
}


def head() -> str:
    """Return the commit that is checked out."""
    return capture(["git", "rev-parse", "HEAD"], cwd=ROOT)


def clone(folder: Path, commit: str) -> Path:
    """Clone `commit` into `folder`; the downloads come along, and are verified there as everywhere."""
    run(["git", "clone", "--quiet", "--no-checkout", ROOT, folder])
    run(["git", "checkout", "--quiet", "--detach", commit], cwd=folder)
    downloads = BUILD / "downloads"
    if downloads.is_dir():
        shutil.copytree(downloads, folder / "build" / "downloads")
    return folder


@contextmanager
def without_traces(folder: Path, backend: str) -> Iterator[None]:
    """Bazel keeps a server and an output folder for each checkout: end the one, delete the other."""
    try:
        yield
    finally:
        if backend == "bazel" and folder.is_dir():
            try:
                run([*bazel.command(bazel.find(), "clean"), "--expunge"], cwd=folder)
            except BuildError as error:
                print(f"  left behind: {error}", flush=True)


def build_in(folder: Path, env: dict[str, str], arguments: Sequence[str], backend: str, commit: str) -> Path:
    """Build the wheel in a fresh clone of `commit` below `folder` and return it, in `folder`/dist."""
    dist = folder / "dist"
    with without_traces(folder / "clone", backend):
        place = clone(folder / "clone", commit)
        options = ["--backend", backend, *arguments, "--dist", str(dist)]
        run([sys.executable, "-c", _BUILD, *options], cwd=place, env=env)
    (wheel,) = dist.glob("*.whl")
    return wheel


def explain(one: Path, other: Path) -> None:
    """Let diffoscope tell more, where it is on PATH."""
    program = shutil.which("diffoscope")
    if program is None:
        print("  diffoscope would tell more: pip install diffoscope", flush=True)
        return
    command: list[Argument] = [program, one, other]
    echo(command)
    subprocess.run(list(map(str, command)), check=False)  # it exits with 1 on a difference


def report(one: Path, other: Path) -> bool:
    """Print how two wheels compare; True where they are equal."""
    found = differences(one, other)
    if not found:
        print(f"{one.name}: identical, sha256 {sha256(one)}", flush=True)
        return True
    print(f"{one.name}: {len(found)} differences", flush=True)
    for line in found:
        print(f"  {line}", flush=True)
    explain(one, other)
    return False


def reproduce(backend: str, arguments: Sequence[str]) -> bool:
    """Build twice with one build path and report; True where the wheels are equal."""
    print(f"{backend}:", flush=True)
    # Once: a commit that is made meanwhile must not become the second one.
    commit = head()
    with staging("pywhispercpp-reproduce-") as scratch:
        wheels = [build_in(scratch / place, env, arguments, backend, commit) for place, env in PLACES.items()]
        return report(*wheels)


def main(argv: Sequence[str]) -> None:
    """Reproduce the wheel of each asked build path; exit with 1 where one differs."""
    parser = argparse.ArgumentParser(prog="nox -s reproduce --", description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, help="build path (default: both)")
    parser.add_argument(
        "--target", default=targets.host(), help="toolchains/targets.bzl (default: this machine)"
    )
    parser.add_argument("--profile", help="toolchains/profiles.bzl (default: as build_wheel has it)")
    given = parser.parse_args(argv)
    if capture(["git", "status", "--porcelain"], cwd=ROOT):
        print("HEAD is built; the changes that are not committed take no part", flush=True)
    backends = [given.backend] if given.backend else BACKENDS
    options = ["--target", given.target, *(["--profile", given.profile] if given.profile else [])]
    same = [reproduce(backend, options) for backend in backends]
    if not all(same):
        raise SystemExit(1)


if __name__ == "__main__":
    entry_point(main)
