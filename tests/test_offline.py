"""Once the inputs are fetched, Bazel builds with no network at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import bazel
from scripts.errors import BuildError

TARGET = "//pywhispercpp:_cpu.so"


@pytest.fixture
def offline(without_network: list[str], tmp_path: Path) -> Iterator[list[str]]:
    """A Bazel without a network and with nothing but the checkout: an empty output base, no shared caches."""
    try:
        found = bazel.find()
    except BuildError as error:
        pytest.skip(str(error).splitlines()[0])
    # --batch: no server, which the next command in a namespace of its own could not talk to.
    start = [*without_network, found, f"--output_base={tmp_path / 'base'}", "--batch"]
    yield [
        *start,
        "build",
        *bazel.version_flags(found),
        *bazel.NO_CACHES,
        f"--repository_cache={tmp_path / 'cache'}",
    ]
    # Bazel makes its folders read-only; pytest could not remove them.
    subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=True)


def run(start: list[str], root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build the guard, leaving the checkout's own bazel-* links alone."""
    settings = [
        f"--repo_env=PYWHISPERCPP_HOST_PYTHON={sys.executable}",
        "--experimental_convenience_symlinks=ignore",
    ]
    command = [*start, *settings, *options, TARGET]
    return subprocess.run(command, cwd=root, text=True, capture_output=True, check=False, timeout=300)


def test_bazel_builds_with_the_network_off(offline: list[str], root: Path, tmp_path: Path) -> None:
    done = run(offline, root)
    assert done.returncode == 0, done.stderr
    (built,) = (tmp_path / "base").glob("execroot/pywhispercpp/bazel-out/*/bin/pywhispercpp/_cpu.so")
    assert built.read_bytes()[:4] == b"\x7fELF"
    # Asked for a Python that is not there: the repository rule says what to run.
    failed = run(offline, root, "--repo_env=PYWHISPERCPP_PYTHON=3.99")
    assert failed.returncode != 0
    assert "pyenv install 3.99" in failed.stderr
