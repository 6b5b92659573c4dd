"""Makes the library that a program for musl is linked with, so that it asks for musl by Alpine's name.

zig links `libc.so`; musl's loader takes that for itself, but auditwheel, the reference for musllinux tags,
knows only `libc.musl-ARCH.so.1`. Linked first and with `-Wl,--as-needed`, the stub is what remains.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.command import capture, entry_point, run
from scripts.errors import BuildError
from scripts.musl_python import find_zig
from scripts.pins import BUILD
from scripts.replace_tree import is_current, replacing

#: Our architecture -> what zig's own list of musl's symbols is asked with.
DEFINES = {"x86_64": ("-DPTR64", "-DARCH_x86_64", "-DFAMILY_x86"), "aarch64": ("-DPTR64", "-DARCH_aarch64")}


def make(arch: str, zig: Sequence[str], folder: Path = BUILD / "musl-stub") -> Path:
    """Make sure that the stub of an architecture is there; return it. Link `STUB -Wl,--as-needed`."""
    if arch not in DEFINES:
        raise BuildError(f"there is no musl stub for {arch}; there is one for: {', '.join(DEFINES)}")
    target, name, version = folder / arch, f"libc.musl-{arch}.so.1", capture([*zig, "version"])
    if not is_current(target, version):
        with replacing(target, version) as fresh:
            options = ["-nostdlib", "-shared", "-s", f"-Wl,-soname,{name}", *DEFINES[arch]]
            symbols = _library(zig) / "libc" / "musl" / "libc.S"
            run([*zig, "cc", "-target", f"{arch}-linux-musl", *options, symbols, "-o", fresh / name])
    return target / name


def _library(zig: Sequence[str]) -> Path:
    """The folder of zig's own library, as it says itself (JSON in old versions, ZON in newer)."""
    for line in capture([*zig, "env"]).splitlines():
        words = line.split('"')
        if "lib_dir" in line and len(words) > 2:
            return Path(words[-2])
    raise BuildError(f"`{' '.join(zig)} env` names no lib_dir; take a zig of 2024 or later")


def main(argv: Sequence[str]) -> None:
    """Make the stubs of the given architectures and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m scripts.musl_stub", description=__doc__)
    parser.add_argument("arch", nargs="+", choices=DEFINES)
    parser.add_argument(
        "--zig", type=Path, help="the zig to compile with (default: the package ziglang, or PATH)"
    )
    given = parser.parse_args(argv)
    zig = [str(given.zig.absolute())] if given.zig else find_zig()
    print(*(make(arch, zig) for arch in given.arch), sep="\n")


if __name__ == "__main__":
    entry_point(main)
