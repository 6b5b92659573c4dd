"""Python environments of the benchmarks, in build/bench: made once, again when what is in them changes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.command import run
from scripts.pins import BUILD, FASTER_WHISPER, OPENAI_WHISPER, OPENVINO, WHISPER_CPP
from scripts.replace_tree import STAMP, is_current

FOLDER = BUILD / "bench"
UPSTREAM: str = WHISPER_CPP["sdist"]["requirement"]


def of_wheel(wheel: Path, python: Path, folder: Path = FOLDER) -> Path:
    """A Python with the wheel and the pinned OpenVINO in it."""
    openvino = f"openvino=={OPENVINO['version']}"
    stamp = f"{hashlib.sha256(wheel.read_bytes()).hexdigest()} {openvino}"
    return _environment("ours", [str(wheel.resolve()), openvino], stamp, python, folder)


def of_service(wheel: Path, python: Path, folder: Path = FOLDER) -> Path:
    """A Python with the wheel and what `pywhispercpp serve` needs, of the newest versions then."""
    stamp = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return _environment("service", [f"{wheel.resolve()}[server]"], stamp, python, folder)


def of_counted(wheel: Path, python: Path, folder: Path) -> Path:
    """A Python with the wheel alone, to count its instructions."""
    stamp = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return _environment("counted", [str(wheel.resolve())], stamp, python, folder)


def of_upstream_compiled(python: Path, folder: Path = FOLDER) -> Path:
    """A Python with upstream's package compiled by pip on this machine, as its own build wants it.

    Minutes. Its extension finds its libraries only through `libraries`: upstream's build leaves that to the
    tools that repair wheels.
    """
    name = UPSTREAM.partition("==")[0]
    # Without the cache: a wheel that pip compiled for another CPU may be in it.
    words = ["--no-cache-dir", "--no-binary", name, UPSTREAM]
    return _environment("upstream-compiled", words, f"{UPSTREAM} {_machine()}", python, folder)


def of_upstream_wheel(python: Path, folder: Path = FOLDER) -> Path:
    """A Python with upstream's wheel of the package index."""
    return _environment("upstream-wheel", ["--only-binary", ":all:", UPSTREAM], UPSTREAM, python, folder)


def of_faster_whisper(python: Path, folder: Path = FOLDER) -> Path:
    """A Python with faster-whisper."""
    wanted = f"faster-whisper=={FASTER_WHISPER['version']}"
    return _environment("faster-whisper", ["--only-binary", ":all:", wanted], wanted, python, folder)


def of_openai_whisper(python: Path, folder: Path = FOLDER) -> Path:
    """A Python with openai-whisper and PyTorch."""
    wanted = f"openai-whisper=={OPENAI_WHISPER['version']}"
    needs = [f"torch=={OPENAI_WHISPER['torch']}", *OPENAI_WHISPER["needs"]]
    # Without what else it asks for: that is a gigabyte of triton, for GPUs.
    return _environment(
        "openai-whisper", needs, " ".join([wanted, *needs]), python, folder, ["--no-deps", wanted]
    )


def libraries(python: Path) -> Path:
    """The folder of an environment's packages."""
    (found,) = (python.parent.parent / "lib").glob("python3*/site-packages")
    return found


def _environment(
    name: str, words: Sequence[str], stamp: str, python: Path, folder: Path, then: Sequence[str] = ()
) -> Path:
    """Make the environment `folder/name` with what pip installs for `words`, then `then`; give its Python."""
    target = folder / name
    stamp = f"{stamp} {python}"
    if not is_current(target, stamp):
        shutil.rmtree(target, ignore_errors=True)
        run([python, "-I", "-m", "venv", target])
        for each in filter(None, (words, then)):
            run([target / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", *each])
        # Last, and not renamed into place: an environment does not like to be moved.
        (target / STAMP).write_text(stamp, encoding="utf-8")
    return target / "bin" / "python"


def _machine() -> str:
    """What a build for this very CPU is good for."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    kept = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    return hashlib.sha256("\n".join(sorted(kept)).encode()).hexdigest()[:16]
