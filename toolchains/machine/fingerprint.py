"""Names in two short hashes what a shared cache must tell apart: the compilers, and the CPU behind `native`.

Bazel's keys hold command lines, environment and input files. /usr/bin/gcc, the linker and the headers in
/usr/include are none of these, and `-march=native` is the same text on every CPU.
Runs as a file, with nothing installed: the Bazel repository rule calls it so.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def said(command: Sequence[str]) -> str:
    """Return all that a command says and its exit code; a refusal tells machines apart as well."""
    env = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=env,
        check=False,
    )
    return f"{done.returncode}\n{done.stdout}\n{done.stderr}\n"


def digest(texts: Iterable[str]) -> str:
    """Return a short hash of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def compiler(program: str) -> list[str]:
    """Tell a compiler from any other: its version, its linker, and every system header of C and C++."""
    linker = subprocess.run([program, "-print-prog-name=ld.bfd"], capture_output=True, text=True, check=False)
    found = shutil.which(linker.stdout.strip())
    return [
        said([program, "-v"]),
        # -dD keeps the macros: glibc's version is one of them.
        said([program, "-E", "-dD", "-x", "c++", "-include", "bits/stdc++.h", os.devnull]),
        said([found, "--version"]) if found else "no ld.bfd",
    ]


def cpu_of_the_kernel() -> str:
    """Return the kernel's words for the CPU: without a gcc, zig may compile for `native`."""
    words = ("flags", "Features", "model name", "CPU ")
    return "\n".join(sorted({line for line in CPUINFO.read_text().splitlines() if line.startswith(words)}))


def cpu(program: str, native: Sequence[str]) -> str:
    """Return the command line behind -march=native: what the compiler makes of the CPU it runs on."""
    if not shutil.which(program):
        return cpu_of_the_kernel()
    return said([program, "-###", *native, "-E", "-x", "c", os.devnull])


def fingerprint(native: Sequence[str], pinned: str, programs: Sequence[str]) -> dict[str, str]:
    """Return the hashes for `native`, what is pinned and the compilers found; the first is the host's."""
    present = [program for program in programs if shutil.which(program)]
    known = [text for program in present for text in (program, *compiler(program))]
    return {"compilers": digest([pinned, *known]), "cpu": digest([cpu(programs[0], native)])}


def main(argv: Sequence[str]) -> None:
    """Print the fingerprint as JSON: `fingerprint.py NATIVE_FLAGS_OF_EACH_ARCH PINNED GCC [COMPILER…]`."""
    machine = platform.machine().lower()
    native = json.loads(argv[0]).get({"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine), [])
    print(json.dumps(fingerprint(native, argv[1], argv[2:])))


if __name__ == "__main__":
    main(sys.argv[1:])
