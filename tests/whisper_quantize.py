"""whisper-quantize, made of upstream's sources and of the very libraries that went into the CMake wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.command import capture
from scripts.fetch_whisper_quantize import fetch
from scripts.pins import BUILD
from scripts.whisper_cpp import SOURCES
from tests.whisper_cli import NotHereError, _libraries

FOLDER = BUILD / "whisper-quantize"
UNITS = ("quantize/quantize.cpp", "common-ggml.cpp", "common.cpp")


def build() -> Path:
    """Return the program, made anew when the libraries or the sources have changed."""
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise NotHereError("there is no C++ compiler (Debian: apt-get install g++)")
    libraries = [path for path in _libraries() if path.name != "libwhisper.a"]
    sources = fetch()
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in libraries]
    stamp = "\n".join([*digests, (sources / ".fetched").read_text()])
    program, noted = FOLDER / "whisper-quantize", FOLDER / "stamp"
    if not (program.is_file() and noted.is_file() and noted.read_text() == stamp):
        _compile(compiler, sources / "examples", libraries, program)
        noted.write_text(stamp)
    return program


def _compile(compiler: str, examples: Path, libraries: list[Path], program: Path) -> None:
    includes = [f"-I{path}" for path in (examples, SOURCES / "include", SOURCES / "ggml/include")]
    objects = [FOLDER / f"{Path(name).stem}.o" for name in UNITS]

    def one(name: str, target: Path) -> None:
        capture([compiler, "-O1", "-std=c++17", "-w", *includes, "-c", examples / name, "-o", target])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, UNITS, objects))
    capture([compiler, "-o", program, *objects, *libraries, "-lpthread", "-ldl"])
