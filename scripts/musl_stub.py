"""Writes the library that is linked for musl, so that the result asks for musl by Alpine's name.

zig links `libc.so`. musl's loader takes that for itself, but auditwheel, the reference for musllinux tags,
knows only `libc.musl-ARCH.so.1`. Linked before it, and with `-Wl,--as-needed`, the stub is what remains.
"""

from __future__ import annotations

from pathlib import Path

from scripts.command import run
from toolchains.targets import TARGETS

#: Architecture -> what zig's own list of musl's symbols is asked with.
DEFINES = {"x86_64": ("-DPTR64", "-DARCH_x86_64", "-DFAMILY_x86"), "aarch64": ("-DPTR64", "-DARCH_aarch64")}


def path(target: str, folder: Path) -> Path:
    """Where the stub of a target for musl lies, below the folder of the compilers."""
    return folder / target / f"libc.musl-{TARGETS[target]['arch']}.so.1"


def write(zig: Path, target: str, folder: Path, caches: dict[str, str]) -> None:
    """Link the stub of a target, unless it is there and not older than zig."""
    stub, arch = path(target, folder), TARGETS[target]["arch"]
    if stub.is_file() and stub.stat().st_mtime >= zig.stat().st_mtime:
        return
    partial = stub.with_name(stub.name + ".part")
    options = ["-nostdlib", "-shared", "-s", f"-Wl,-soname,{stub.name}", *DEFINES[arch]]
    symbols = zig.parent / "lib" / "libc" / "musl" / "libc.S"
    run([zig, "cc", "-target", TARGETS[target]["zig"], *options, symbols, "-o", partial], env=caches)
    partial.replace(stub)
