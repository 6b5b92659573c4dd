"""Makes a sysroot: Debian's Python for another architecture, unpacked but not installed."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts import apt
from scripts.apt import ARCHITECTURES
from scripts.command import Argument, capture, entry_point, run
from scripts.errors import BuildError
from scripts.pins import BUILD
from scripts.replace_tree import is_current, replacing

_BASE = ("python3", "libstdc++6")
#: What is unpacked, with all that it depends on. The package index has no numpy for armv7l; Debian has.
PACKAGES = {"x86_64": _BASE, "aarch64": _BASE, "armv7l": (*_BASE, "python3-numpy")}
#: What Debian's packages link when they are configured, which here they never are.
_ALTERNATIVES = ("blas/libblas.so.3", "lapack/liblapack.so.3")


def fetch(arch: str, folder: Path = BUILD / "sysroot") -> Path:
    """Make sure that `folder/ARCH` holds Debian's Python of an architecture; return it."""
    if arch not in ARCHITECTURES:
        raise BuildError(f"there is no sysroot for {arch}; there is one for: {', '.join(ARCHITECTURES)}")
    target, stamp = folder / arch, " ".join([ARCHITECTURES[arch], *PACKAGES[arch]])
    if not is_current(target, stamp):
        apt.require_tools(f"the sysroot for {arch} is made")
        with replacing(target, stamp) as fresh:
            state = fresh / ".apt"
            for package in _download(arch, state):
                capture(["dpkg-deb", "--extract", package, fresh])
            shutil.rmtree(state)
            _link_alternatives(fresh)
            python(fresh)
    return target


def python(sysroot: Path) -> Path:
    """The interpreter in a sysroot; BuildError where there is not exactly one."""
    found = [path for path in sysroot.glob("usr/bin/python3.*") if path.name[len("python3.") :].isdigit()]
    if len(found) != 1:
        raise BuildError(
            f"{sysroot} holds {len(found)} Pythons in usr/bin, not one; "
            "let apt's sources be those of one release of Debian"
        )
    return found[0]


def _download(arch: str, state: Path) -> list[Path]:
    """Have apt choose, download and verify the packages of an architecture; return the files."""
    command: list[Argument] = ["apt-get", "--quiet=2", "--yes", "--config-file", apt.configure(arch, state)]
    try:
        run([*command, "update"])
    except BuildError as error:
        # One list of several, often: the packages may all be in the others, and apt verifies each of them.
        print(f"  {error}\n  going on with the lists that came", flush=True)
    try:
        run([*command, "--download-only", "install", *PACKAGES[arch]])
    except BuildError as error:
        raise BuildError(
            f"apt has no {' '.join(PACKAGES[arch])} for {ARCHITECTURES[arch]}: {error}\n"
            "Are Debian's sources in /etc/apt, and can they be reached? Ubuntu keeps arm64 and armhf on a "
            "mirror of its own: add that to the sources"
        ) from error
    return sorted((state / "cache" / "archives").glob("*.deb"))


def _link_alternatives(sysroot: Path) -> None:
    for name in _ALTERNATIVES:
        for library in sysroot.glob(f"usr/lib/*/{name}"):
            library.parent.parent.joinpath(library.name).symlink_to(name)


def main(argv: Sequence[str]) -> None:
    """Make the sysroots of the given architectures and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fetch_sysroot", description=__doc__)
    parser.add_argument("arch", nargs="+", choices=ARCHITECTURES)
    for arch in parser.parse_args(argv).arch:
        print(fetch(arch))


if __name__ == "__main__":
    entry_point(main)
