"""What the build agrees on about OpenVINO: where a runtime is laid out, how its C library is called."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.errors import BuildError
from scripts.pins import BUILD, OPENVINO

#: The version that is taken unless another is asked for.
VERSION: str = OPENVINO["version"]
#: build/openvino/<version>/<architecture>/ holds libs, include, cmake and LICENSE, wherever they came from.
FOLDER = BUILD / "openvino"
#: Where a wheel's smoke test leaves the IR of tiny.en that the wheel has made, for wheels that are emulated.
IR = FOLDER / "ggml-tiny.en-encoder-openvino.xml"
#: OpenVINO's C library as an ELF file names it; the number changes with every release.
C_LIBRARY = re.compile(r"libopenvino_c\.so\.(\d\d)(\d)(\d)")


def place(version: str, arch: str, folder: Path = FOLDER) -> Path:
    """Where the runtime of a version and architecture is laid out."""
    return folder / version / arch


def c_library(version: str) -> str:
    """The name (SONAME) of the C library of a version: 2026.4.1 has libopenvino_c.so.2641."""
    match = re.fullmatch(r"20(\d\d)\.(\d)\.(\d)", version)
    if match is None:
        raise BuildError(f"{version!r} is no version of OpenVINO, such as {VERSION}; see scripts/pins.bzl")
    return f"libopenvino_c.so.{''.join(match.groups())}"


def version_of(library: str) -> str:
    """The version whose C library has this name; empty where the name is another library's."""
    match = C_LIBRARY.fullmatch(library)
    return f"20{match[1]}.{match[2]}.{match[3]}" if match else ""
