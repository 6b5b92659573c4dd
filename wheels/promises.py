"""What every pywhispercpp wheel promises, as data; the checks only compare."""

from __future__ import annotations

from dataclasses import dataclass

from toolchains.emit_cmake import SOURCES


@dataclass(frozen=True)
class Licence:
    """A part whose licence must travel along: a glob below dist-info/licenses, and words of its text."""

    part: str
    path: str
    phrase: str


PACKAGE = "pywhispercpp"

#: Machine (the end of the platform tag) -> the most bytes its wheel may have. Measured, then rounded up.
SIZE_LIMITS = {"x86_64": 2_000_000, "aarch64": 2_000_000, "armv7l": 2_000_000}

#: The same for a portable wheel, which holds a library for each CPU variant.
PORTABLE_SIZE_LIMITS = {"x86_64": 8_500_000, "aarch64": 5_000_000}

#: The most bytes the sdist may have: measured 1,945,858, rounded up.
SDIST_SIZE_LIMIT = 2_100_000

#: The time of every member of the sdist: 1980-01-01, the same as in a wheel.
SDIST_MEMBER_TIME = 315_532_800

#: Globs, one of which must match a file; {dist_info} is the wheel's own folder.
REQUIRED_FILES = (
    "pywhispercpp/__init__.py",
    "pywhispercpp/__main__.py",
    "pywhispercpp/py.typed",
    "pywhispercpp/_core.pyi",
    "pywhispercpp/_core.*.so",
    "pywhispercpp/_cpu.*.so",
    "pywhispercpp/cli/__init__.py",
    "pywhispercpp/evaluate/set/jfk.opus",
    "pywhispercpp/evaluate/set/jfk.txt",
    "pywhispercpp/models/__init__.py",
    "pywhispercpp/server/page/index.html",
    "{dist_info}/entry_points.txt",
)

#: Shared libraries of every machine that the tag admits: glibc's and gcc's for manylinux, musl for musllinux.
ALLOWED_LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "ld-linux-armhf.so.3",
    "ld-linux-armhf.so.3",
    "libc.musl-x86_64.so.1",
    "libc.musl-aarch64.so.1",
)

#: A wheel that is linked with OpenVINO needs this library too, by a name that changes with every version
#: (scripts/openvino.py). It must pin the package that has it, search it there, and say so in its build tag.
OPENVINO_PACKAGE = "openvino"
OPENVINO_RUN_PATH = SOURCES["OPENVINO_RUN_PATH"]
OPENVINO_BUILD = "_openvino"

LICENCES = (
    Licence("pywhispercpp", "LICENSE", "Permission is hereby granted"),
    Licence("whisper.cpp", "*whisper.cpp/LICENSE*", "The ggml authors"),
    Licence("ggml", "*ggml/LICENSE*", "The ggml authors"),
    # ggml's fast matrix product (GGML_LLAMAFILE) carries its own notice.
    Licence("llamafile", "*llamafile/LICENSE*", "Mozilla Foundation"),
    Licence("pybind11", "*pybind11/LICENSE*", "Wenzel Jakob"),
    # Linked in by zig: its C++ library, compiler-rt. All wheels have the same metadata, so all carry these.
    Licence("libc++", "*libcxx/LICENSE*", "LLVM Exceptions to the Apache 2.0 License"),
    Licence("libc++abi", "*libcxxabi/LICENSE*", "LLVM Exceptions to the Apache 2.0 License"),
    Licence("libunwind", "*libunwind/LICENSE*", "LLVM Exceptions to the Apache 2.0 License"),
    Licence("zig", "*zig/LICENSE*", "Zig contributors"),
)

#: The bill of materials in the dist-info folder (PEP 770), and the parts that it names, each with a licence.
SBOM = "sboms/pywhispercpp.cdx.json"
SBOM_PARTS = ("whisper.cpp", "ggml", "llamafile", "pybind11")

#: Parts that it names besides where zig has linked its C++ library in, and a message of that which tells.
ZIG_MARK = b"libc++abi: "
ZIG_SBOM_PARTS = ("libc++", "libc++abi", "libunwind", "zig")

#: File name endings that belong to a build, not to a product.
FORBIDDEN_SUFFIXES = (
    *(".c", ".cc", ".cpp", ".cxx", ".cu", ".m", ".mm", ".metal", ".h", ".hh", ".hpp", ".inc"),
    *(".o", ".obj", ".a", ".lib", ".la", ".lo", ".pyc", ".pyo", ".pyx", ".bzl", ".cmake", ".patch"),
)

FORBIDDEN_NAMES = ("CMakeLists.txt", "BUILD", "BUILD.bazel", "WORKSPACE", "Makefile", ".DS_Store")

FORBIDDEN_FOLDERS = ("__pycache__", "csrc", "tests", ".git")

#: Places a build happens in. Each is a regular expression over the bytes of a file.
BUILD_PATHS = (
    rb"/home/[A-Za-z0-9_.-]+/",
    rb"/root/",
    rb"/Users/[A-Za-z0-9_.-]+/",
    rb"/(?:var/)?tmp/[A-Za-z0-9_.-]+",
    rb"/__w/",
    rb"/execroot/",
    rb"/_bazel_[a-z0-9]+/",
    rb"(?:linux|processwrapper)-sandbox/",
    rb"/pip-(?:req-build|build-env|ephem-wheel-cache|wheel|install)-[a-z0-9_]+",
)
