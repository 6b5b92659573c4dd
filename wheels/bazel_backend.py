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


def _platform(request: Request) -> list[str]:
    """Return the options of a cross compiler; its own output folder, or the next build would overwrite this one's."""
    if not request.is_cross:
        return []
    name = f"{request.target}_{request.compiler}"
    return [
        f"--platforms=//toolchains/cc:{name}",
        f"--platform_suffix={name}",
        f"--sandbox_writable_path={CACHE}",
    ]


def options(request: Request) -> list[str]:
    """Return the Bazel options of a request; `bazel aquery` takes the same ones."""
    return [
        *_platform(request),
        f"--config={request.profile}",
        f"--define=git_state={git_state()}",
        f"--repo_env=PYWHISPERCPP_PYTHON={request.python['version']}",
        f"--repo_env=PYWHISPERCPP_HOST_PYTHON={sys.executable}",
    ]


def build(request: Request) -> Path:
    """Build //:wheel and return the wheel in Bazel's output folder."""
    found = bazel.find()
    run([*bazel.command(found, "build"), *options(request), "//:wheel"], cwd=ROOT)
    (wheel,) = (ROOT / "bazel-bin" / "wheel").glob("*.whl")
    return wheel
