"""Upstream's programs, made of its sources and of the very libraries that went into the CMake wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.command import capture
from scripts.fetch_whisper_tool import fetch
from scripts.pins import BUILD
from scripts.whisper_cpp import SOURCES, is_fetched

LIBRARIES = ("libwhisper.a", "libggml.a", "libggml_cpu.a", "libggml_base.a")  # in the order of linking

# The wheel brings its own OpenVINO encoder; these programs have none.
NO_OPENVINO = """
#include "openvino/whisper-openvino-encoder.h"
whisper_openvino_context * whisper_openvino_init(const char *, const char *, const char *) { return nullptr; }
void whisper_openvino_free(whisper_openvino_context *) {}
int whisper_openvino_encode(whisper_openvino_context *, ggml_tensor *, ggml_tensor *) { return 0; }
"""


class NotHereError(Exception):
    """What is needed to make it is not on this machine; says what."""


@dataclass(frozen=True)
class Tool:
    """One program: its name, its sources below examples/, and how hard the compiler is to try."""

    name: str
    units: tuple[str, ...]
    optimize: str = "-O1"

    def build(self) -> Path:
        """Return the program, made anew when the libraries or the sources have changed."""
        compiler = shutil.which(os.environ.get("CXX", "g++"))
        if compiler is None:
            raise NotHereError("there is no C++ compiler (Debian: apt-get install g++)")
        libraries = _libraries()
        sources = fetch(self.name)
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in libraries]
        stamp = "\n".join([*digests, (sources / ".fetched").read_text(), NO_OPENVINO])
        program, noted = BUILD / self.name / self.name, BUILD / self.name / "stamp"
        if not (program.is_file() and noted.is_file() and noted.read_text() == stamp):
            self._compile(compiler, sources / "examples", libraries, program)
            noted.write_text(stamp)
        return program

    def _compile(self, compiler: str, examples: Path, libraries: list[Path], program: Path) -> None:
        stub = program.with_name("no-openvino.cpp")
        stub.write_text(NO_OPENVINO)
        units = [*(examples / name for name in self.units), stub]
        folders = (examples, SOURCES / "include", SOURCES / "ggml/include", SOURCES / "src")
        includes = [f"-I{path}" for path in folders]
        objects = [program.with_name(f"{path.stem}.o") for path in units]

        def one(unit: Path, target: Path) -> None:
            capture([compiler, self.optimize, "-std=c++17", "-w", *includes, "-c", unit, "-o", target])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, units, objects))
        capture([compiler, "-o", program, *objects, *libraries, "-lpthread", "-ldl"])


CLI = Tool("whisper-cli", ("cli/cli.cpp", "common.cpp", "common-whisper.cpp", "grammar-parser.cpp"))
QUANTIZE = Tool("whisper-quantize", ("quantize/quantize.cpp", "common-ggml.cpp", "common.cpp"))
# Its HTTP and JSON are headers of 30,000 lines: they take 15 s as they are, and gain nothing here.
SERVER = Tool("whisper-server", ("server/server.cpp", "common.cpp", "common-whisper.cpp"), "-O0")


def _libraries() -> list[Path]:
    """The libraries of the CMake wheel, where they are those of today's sources."""
    folders = [path.parent for path in BUILD.glob("cmake/*-gcc-native/libwhisper.a")]
    if not folders or not is_fetched():
        raise NotHereError("build/cmake holds no libraries of the CMake wheel; run: nox -s tests")
    newest = max(folders, key=lambda folder: (folder / "libwhisper.a").stat().st_mtime)
    found = [newest / name for name in LIBRARIES]
    if found[0].stat().st_mtime < (SOURCES / ".fetched").stat().st_mtime:
        raise NotHereError("build/cmake is older than build/whisper.cpp; run: nox -s tests")
    return found
