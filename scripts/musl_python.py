"""Makes a Python that is linked against musl, so that musllinux wheels can be run on a machine with glibc.

CPython's own source is cross-compiled by zig, with its standard modules built in (zlib with them; no OpenSSL,
no ctypes). It lies in a folder of its own, `build/musl/ARCH`, beside musl's loader: nothing is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.command import capture, entry_point, run
from scripts.debian_archive import Archive, open_archive
from scripts.errors import BuildError
from scripts.fetch_zig import fetch as fetch_zig
from scripts.pins import BUILD, MUSL_PYTHON
from scripts.replace_tree import is_current, replacing

ARCHITECTURES = ("x86_64", "aarch64")
PYTHON = "python" + MUSL_PYTHON["python"]["version"].rpartition(".")[0]
#: What configure cannot find out without running a program, and modules of which musl has no functions.
CONFIG_SITE = """\
ac_cv_file__dev_ptmx=yes
ac_cv_file__dev_ptc=no
ac_cv_buggy_getaddrinfo=no
py_cv_module__crypt=n/a
py_cv_module_nis=n/a
py_cv_module_ossaudiodev=n/a
py_cv_module_spwd=n/a
"""
#: What the finished interpreter must be able to do: what numpy and the standard `wave` ask for.
PROOF = (
    "import math, zlib, socket, hashlib, _datetime, _decimal, _posixsubprocess, wave; print(wave.__file__)"
)


def sysroot(arch: str, folder: Path = BUILD / "musl") -> Path:
    """Where the interpreter of an architecture lies, made or not; BuildError for one there is none for."""
    if arch not in ARCHITECTURES:
        raise BuildError(
            f"there is no Python for musl on {arch}; there is one for: {', '.join(ARCHITECTURES)}"
        )
    return folder / arch


def interpreter(arch: str, cpu: str = "", folder: Path = BUILD / "musl") -> list[str]:
    """The command before a script's name: on this machine's CPU where it can, else through qemu.

    `cpu` is a CPU model that qemu knows, such as cortex-a72. Wheels come onto its PYTHONPATH by the pip of
    this machine: `pip install --no-deps --target DIR --only-binary=:all: --platform musllinux_1_2_ARCH
    --python-version 3.11`. Raises BuildError where the interpreter is not made, or qemu is missing.
    """
    root = sysroot(arch, folder)
    if not python(root).is_file():
        raise BuildError(f"{python(root)} is not there; make it with: python -m scripts.musl_python {arch}")
    return _command(root.absolute(), arch, cpu)


def python(root: Path) -> Path:
    """The interpreter in a sysroot; qemu runs it with `-L SYSROOT`."""
    return root / "usr" / "bin" / PYTHON


def _command(root: Path, arch: str, cpu: str = "") -> list[str]:
    if arch == platform.machine() and not cpu:
        # musl's loader is a program that runs others: no /lib/ld-musl-* is needed on this machine.
        return [str(root / "lib" / f"ld-musl-{arch}.so.1"), str(python(root))]
    qemu = shutil.which(f"qemu-{arch}-static") or shutil.which(f"qemu-{arch}")
    if qemu is None:
        raise BuildError(f"qemu-{arch} is not on PATH; install qemu-user-static")
    return [qemu, *(["-cpu", cpu] if cpu else []), "-L", str(root), str(python(root))]


def make(arch: str, folder: Path = BUILD / "musl") -> Path:
    """Make sure that the interpreter of an architecture is there and works; return its sysroot.

    Two minutes of compiling when it is not. BuildError says which tool is missing and how to get it.
    """
    target, stamp = sysroot(arch, folder), _stamp()
    if not is_current(target, stamp):
        _require_tools()
        tools, build_python = _tools(fetch_zig() / f"{arch}-musl"), _build_python()
        with replacing(target, stamp) as fresh:
            _assemble(fresh, arch, tools, build_python)
    return target


def _require_tools() -> None:
    if shutil.which("make") is None:
        raise BuildError("CPython is compiled with make, which is not on PATH; install make")


def _assemble(fresh: Path, arch: str, tools: Mapping[str, str], build_python: Path) -> None:
    """Fetch, compile and lay out everything in `fresh`; sources and objects are gone afterwards."""
    work = fresh.absolute() / ".work"
    work.mkdir()
    suites = sorted({pin["suite"] for pin in MUSL_PYTHON.values()})
    archive = open_archive(suites, arch, work / "apt")
    archive.package(MUSL_PYTHON["musl"]["package"], MUSL_PYTHON["musl"]["suite"], fresh)
    if not (fresh / "lib").exists():  # newer suites keep everything in usr
        (fresh / "lib").symlink_to("usr/lib")
    source = _unpack(archive, "python", work)
    zlib_source = _unpack(archive, "zlib", work)
    zlib = _build_zlib(zlib_source, tools)
    # Debian's musl searches here alone (etc/ld-musl-ARCH.path).
    shutil.move(zlib_source / "libz.so.1", fresh / "usr" / "lib" / f"{arch}-linux-musl")
    objects = work / "objects"
    _configure(source, objects, arch, {**tools, **zlib}, build_python)
    _compile(objects, tools)
    python(fresh).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(objects / "python", python(fresh))
    library = fresh / "usr" / "lib" / PYTHON
    shutil.copytree(source / "Lib", library, ignore=shutil.ignore_patterns("test", "idlelib", "ensurepip"))
    (library / "lib-dynload").mkdir()  # where it is missing the interpreter complains at each start
    shutil.rmtree(work)
    print(capture([*_command(fresh.absolute(), arch), "-c", PROOF]))


def _unpack(archive: Archive, name: str, work: Path) -> Path:
    """The unpacked source of a pin, verified; BuildError where it is another one."""
    pin, place = MUSL_PYTHON[name], work / name
    place.mkdir()
    file = archive.source(pin["source"], pin["suite"], place)
    got = hashlib.sha256(file.read_bytes()).hexdigest()
    if got != pin["sha256"]:
        raise BuildError(
            f"{file.name} is not the pinned {name} {pin['version']}: sha256 expected {pin['sha256']}, "
            f"got {got}; it was deleted (pins: scripts/pins.bzl)"
        )
    shutil.unpack_archive(file, place)
    (folder,) = [path for path in place.iterdir() if path.is_dir()]
    return folder


def _tools(programs: Path) -> dict[str, str]:
    """The compiler and its kin, as configure and make take them, out of the folder of fetch_zig."""
    return {
        # -dynamic: for musl zig links statically by default, and a static program cannot load extensions.
        "CC": f"{programs / 'cc'} -dynamic -Wno-date-time",
        "CXX": "false",
        "AR": str(programs / "ar"),
        "RANLIB": str(programs / "ranlib"),
        "READELF": "true",  # wanted by configure for cross builds, used by nothing
        # It is made to be tried, not to be fast; what is compiled is a release, whose warnings are known.
        "OPT": "-DNDEBUG -fwrapv -O1 -w",
    }


def _build_zlib(source: Path, tools: Mapping[str, str]) -> dict[str, str]:
    """Compile zlib into an archive; what CPython's configure takes to find it there."""
    flags = ["-O2", "-fPIC", "-DHAVE_UNISTD_H", "-Wno-deprecated-non-prototype"]
    files = sorted(path.name for path in source.glob("*.c"))
    for file in files:  # zig takes one file at a time with -c
        run([*tools["CC"].split(), *flags, "-c", file], cwd=source, env=tools)
    run([*tools["AR"].split(), "rcs", "libz.a", *(f"{file[:-2]}.o" for file in files)], cwd=source, env=tools)
    # musllinux wheels may also need the system's libz.so.1 (PyAV's do).
    link = ["-shared", "-s", "-Wl,-soname,libz.so.1", *(f"{file[:-2]}.o" for file in files)]
    run([*tools["CC"].split(), *link, "-o", "libz.so.1"], cwd=source, env=tools)
    return {"ZLIB_CFLAGS": f"-I{source}", "ZLIB_LIBS": str(source / "libz.a")}


def _configure(
    source: Path, objects: Path, arch: str, settings: Mapping[str, str], build_python: Path
) -> None:
    """Configure CPython for musl, with every standard module built in."""
    objects.mkdir()
    site = objects / "config.site"
    site.write_text(CONFIG_SITE, encoding="utf-8")
    options = [
        # The machine's part of an extension's name comes from the build's libc; and only where the two names
        # differ does configure believe that it cannot run what it compiles.
        "--build=x86_64-build-linux-musl",
        f"--host={arch}-linux-musl",
        f"--with-build-python={build_python}",
        "--prefix=/usr",
        "--without-ensurepip",
        "--disable-test-modules",
        "--with-pkg-config=no",
    ]
    environment = {**settings, "CONFIG_SITE": str(site), "MODULE_BUILDTYPE": "static"}
    run([source / "configure", "--quiet", *options], cwd=objects, env=environment)
    modules = (objects / "Modules" / "Setup.stdlib").read_text(encoding="utf-8")
    (objects / "Modules" / "Setup.local").write_text(modules.partition("\n*shared*")[0], encoding="utf-8")


def _compile(objects: Path, tools: Mapping[str, str]) -> None:
    """Build the interpreter alone: its modules are in it, and nothing is installed."""
    run(["make", "--silent", "LDFLAGS=-s", "python"], cwd=objects, env=tools)


def _stamp() -> str:
    """All that decides what comes out."""
    site = hashlib.sha256(CONFIG_SITE.encode()).hexdigest()
    return " ".join([site, *(pin.get("sha256", pin["suite"]) for pin in MUSL_PYTHON.values())])


def _build_python() -> Path:
    """A Python of the same version on this machine, which a cross build runs for its generated files."""
    if f"python{sys.version_info[0]}.{sys.version_info[1]}" == PYTHON:
        return Path(sys.executable)
    if found := shutil.which(PYTHON):
        return Path(found)
    raise BuildError(f"cross-compiling CPython needs a {PYTHON} here; install it, or run this with one")


def main(argv: Sequence[str]) -> None:
    """Make the interpreters of the given architectures and say how each is run."""
    parser = argparse.ArgumentParser(prog="python -m scripts.musl_python", description=__doc__)
    parser.add_argument("arch", nargs="+", choices=ARCHITECTURES)
    for arch in parser.parse_args(argv).arch:
        make(arch)
        print(*interpreter(arch))


if __name__ == "__main__":
    entry_point(main)
