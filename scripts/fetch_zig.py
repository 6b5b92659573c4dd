"""Fetches zig, the cross compiler, and writes `cc`, `c++`, `ar` and `ranlib` for each target into build/zig.

Bazel (toolchains/cc) and CMake (toolchains/cc/zig.cmake) both call these small programs, so that they compile
with the same zig for the same target.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from scripts import index, musl_stub
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.pins import BUILD, ZIG
from scripts.replace_tree import is_current, replacing
from toolchains.profiles import machine
from toolchains.targets import TARGETS

TOOLS = ("cc", "c++", "ar", "ranlib")
# What zig compiles by itself (libc++, start files) once for each target, a minute each; shared by all builds.
CACHE = BUILD / "zig-cache"
# Added to a command that links: one that does not compile or preprocess only.
_LINK_STUB = """\
case " $* " in
  *" -c "* | *" -E "* | *" -S "* | *" -r "* | " -v " | *" --version "* | *" -dumpversion "*) ;;
  *) set -- "$@" -Wl,--as-needed {stub} ;;
esac
"""


def fetch(folder: Path = BUILD) -> Path:
    """Make sure that `folder/ziglang` holds the pinned zig, `folder/zig` its programs; return the latter."""
    if machine() not in ZIG["sha256"]:
        raise BuildError(
            f"zig is pinned for {', '.join(ZIG['sha256'])}, not for {machine()}; use --compiler gcc"
        )
    sha256 = ZIG["sha256"][machine()]
    unpacked = folder / "ziglang"
    if not is_current(unpacked, sha256):
        print(f"fetching zig {ZIG['version']} (100 MB)", flush=True)
        wheel = index.download(
            f"ziglang=={ZIG['version']}", sha256, folder / "downloads", ["--only-binary", ":all:"]
        )
        with replacing(unpacked, sha256) as fresh, zipfile.ZipFile(wheel) as archive:
            archive.extractall(fresh)
            (fresh / "ziglang" / "zig").chmod(0o755)
        wheel.unlink()  # as large as what came out of it
    zig, programs = unpacked / "ziglang" / "zig", folder / "zig"
    write_programs(zig, programs)
    for target, data in TARGETS.items():
        if data["libc"] == "musl":
            musl_stub.write(
                zig, target, programs, {"ZIG_GLOBAL_CACHE_DIR": str(CACHE), "ZIG_LOCAL_CACHE_DIR": str(CACHE)}
            )
    return programs


def write_programs(zig: Path, folder: Path) -> None:
    """Write one program for each target and tool; an equal one that is there keeps its time."""
    for target, data in TARGETS.items():
        stub = musl_stub.path(target, folder) if data["libc"] == "musl" else None
        for tool in TOOLS:
            path = folder / target / tool
            text = _program(zig, tool, data["zig"], stub)
            if not (path.is_file() and path.read_text(encoding="utf-8") == text):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                path.chmod(0o755)


def _program(zig: Path, tool: str, triple: str, stub: Path | None) -> str:
    """The text of one program: zig with its target, musl's stub where it links, and caches of ours."""
    compiles = tool in ("cc", "c++")
    target = f" -target {triple}" if compiles else ""
    caches = "".join(
        f"export ZIG_{kind}_CACHE_DIR=${{ZIG_{kind}_CACHE_DIR:-{quote(str(CACHE))}}}\n"
        for kind in ("GLOBAL", "LOCAL")
    )
    link = _LINK_STUB.format(stub=quote(str(stub))) if stub and compiles else ""
    return f'#!/bin/sh\n{caches}{link}exec {quote(str(zig))} {tool}{target} "$@"\n'


def main(argv: Sequence[str]) -> None:
    """Fetch and say where the programs are."""
    print(fetch())


if __name__ == "__main__":
    entry_point(main)
