"""Builds the raw wheel with Bazel: //:wheel."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts import bazel
from scripts.command import capture, run
from scripts.errors import BuildError
from scripts.fetch_zig import CACHE
from scripts.pins import ROOT
from wheels.request import Request


def git_state() -> str:
    """Return `git describe` of the checkout, or "unknown" where this is none or there is no git."""
    if not (ROOT / ".git").exists():
        return "unknown"
    try:
        # A fixed length: left alone, git takes more digits the more objects a clone has.
        return capture(["git", "describe", "--always", "--dirty", "--tags", "--abbrev=12"], cwd=ROOT)
    except BuildError:
        return "unknown"


def say_whose_rc() -> None:
    """Say that the checkout's .bazelrc.user takes part: a cache or a worker may have done the work."""
    rc = ROOT / ".bazelrc.user"
    if rc.is_file():
        print(f"  {rc} takes part in this build", flush=True)


def _platform(request: Request) -> list[str]:
    """Return the options of a cross compiler, among them an output folder that no other build overwrites."""
    if not request.is_cross:
        return []
    name = f"{request.target}_{request.compiler}"
    return [
        f"--platforms=//toolchains/cc:{name}",
        f"--platform_suffix={name}",
        f"--sandbox_writable_path={CACHE}",
    ]


def _openvino(request: Request) -> list[str]:
    """Return the options that link OpenVINO, or none."""
    if not request.links_openvino:
        return []
    return ["--config=openvino", f"--repo_env=PYWHISPERCPP_OPENVINO={request.openvino_version}"]


def options(request: Request) -> list[str]:
    """Return the Bazel options of a request; `bazel aquery` takes the same ones."""
    return [
        *_platform(request),
        f"--config={request.profile}",
        *_openvino(request),
        f"--define=git_state={git_state()}",
        f"--repo_env=PYWHISPERCPP_PYTHON={request.python['version']}",
        f"--repo_env=PYWHISPERCPP_HOST_PYTHON={sys.executable}",
        *(bazel.NO_CACHES if request.fresh else []),
    ]


def build(request: Request) -> Path:
    """Build //:wheel and return the wheel in Bazel's output folder."""
    found = bazel.find()
    say_whose_rc()
    run([*bazel.command(found, "build"), *options(request), "//:wheel"], cwd=ROOT)
    (wheel,) = (ROOT / "bazel-bin" / "wheel").glob("*.whl")
    return wheel
