"""Compiles the extension modules for ThreadSanitizer and lays out an importable package."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from scripts import fetch_wheels, fetch_whisper_cpp
from scripts.command import capture, run
from scripts.errors import BuildError
from scripts.pins import BUILD, ROOT
from wheels import cmake_backend
from wheels.build import require_compiler
from wheels.request import parse

FOLDER = BUILD / "tsan"
SITE = FOLDER / "site"  # what goes to PYTHONPATH


def build() -> Path:
    """Compile what has changed; return the folder that holds the package."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    request = parse(["--backend", "cmake", "--python", version], FOLDER)
    require_compiler(request)
    fetch_whisper_cpp.fetch()
    fetch_wheels.fetch_all()
    cmake_backend.configure(request, FOLDER, SANITIZE="thread")
    run([cmake_backend.environment(request).parent / "cmake", "--build", FOLDER])
    return lay_out(FOLDER, SITE)


def lay_out(built: Path, site: Path) -> Path:
    """Put the package's Python files and the extension modules of `built` into `site`."""
    shutil.rmtree(site, ignore_errors=True)
    only_python = shutil.ignore_patterns("csrc", "__pycache__", "BUILD.bazel")
    shutil.copytree(ROOT / "pywhispercpp", site / "pywhispercpp", ignore=only_python)
    for module in built.glob("_*.so"):
        shutil.copy2(module, site / "pywhispercpp")
    return site


def runtime() -> Path:
    """ThreadSanitizer's library of the compiler in use; Python is not built for it, so it is loaded first."""
    found = Path(capture([os.environ.get("CC", "cc"), "-print-file-name=libtsan.so"])).resolve()
    if not found.is_file():
        raise BuildError("the compiler has no ThreadSanitizer; on Debian 12: apt-get install libtsan2")
    return found
