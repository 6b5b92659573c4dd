"""Finds a Bazel that can be used, or gets one."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.command import capture, entry_point, run
from scripts.errors import BuildError

NOWHERE = """no usable Bazel. Any one of these helps:
  - set BAZEL=/path/to/bazel (4.2.3 to 7.x)
  - put bazel-4 or bazel on PATH
  - on Debian or Ubuntu, as root: apt-get install bazel-bootstrap
  - install bazelisk (npm install -g @bazel/bazelisk); it downloads the version in .bazelversion
  - build without Bazel: nox -s build_wheel -- --backend cmake"""


#: Whatever a person's own rc says: everything is compiled, here and now.
NO_CACHES = ["--disk_cache=", "--remote_cache=", "--remote_executor="]


def works(bazel: str) -> bool:
    """Say whether `bazel --version` answers (Debian's wrapper refuses a foreign .bazelversion, for one)."""
    try:
        return "bazel" in capture([bazel, "--version"])
    except BuildError:
        return False


def _from_environment() -> Iterator[str]:
    if chosen := os.environ.get("BAZEL"):
        if not works(chosen):
            raise BuildError(f"BAZEL={chosen} does not answer to --version; unset it or name a working Bazel")
        yield chosen


def _from_path() -> Iterator[str]:
    yield from filter(None, map(shutil.which, ("bazel-4", "bazel")))


def _is_debian() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return bool({"debian", "ubuntu"} & {release.get("ID", ""), *release.get("ID_LIKE", "").split()})


def _from_debian() -> Iterator[str]:
    """Install Debian's own Bazel; its binary is `bazel-4`, the wrapper `bazel` re-reads .bazelversion."""
    if not (_is_debian() and os.geteuid() == 0):
        return
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "bazel-bootstrap"]
    try:
        run(["apt-get", "update", "-qq"], env=env)
        run(install, env=env)
    except BuildError as error:
        print(f"  bazel-bootstrap: {error}", flush=True)
        return
    yield "/usr/bin/bazel-4"


def _from_bazelisk() -> Iterator[str]:
    yield from filter(None, [shutil.which("bazelisk")])


WAYS: list[Callable[[], Iterator[str]]] = [_from_environment, _from_path, _from_debian, _from_bazelisk]


def find() -> str:
    """Return the Bazel to call: the first of WAYS that works; BuildError names them all when none does."""
    for way in WAYS:
        for bazel in way():
            if works(bazel):
                return bazel
    raise BuildError(NOWHERE)


def version_flags(bazel: str) -> list[str]:
    """Return what this Bazel needs to build a WORKSPACE: from 7 on, bzlmod is the default."""
    words = capture([bazel, "--version"]).split()
    major = words[-1].split(".")[0]
    # Debian's build says `no_version`; it is 4.2.3.
    return ["--config=bazel7"] if major.isdigit() and int(major) >= 7 else []


def command(bazel: str, verb: str) -> list[str | Path]:
    """Return the start of a Bazel command line for `build`, `test`, `aquery`, …"""
    return [bazel, verb, *version_flags(bazel)]


def main(argv: Sequence[str]) -> None:
    """Say which Bazel is used."""
    print(find())


if __name__ == "__main__":
    entry_point(main)
