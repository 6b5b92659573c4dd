"""Builds the raw wheel with scikit-build-core and CMake, through pip."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from scripts.command import Argument, capture, run
from scripts.pins import BUILD, ROOT
from toolchains import targets
from toolchains.python import cross_headers
from wheels.request import Request

# The dependency group of pyproject.toml; pip knows groups from 25.1 on.
GROUP = "cmake"


def environment(request: Request) -> Path:
    """Return the Python of a virtual environment of the asked interpreter with the build tools in it."""
    folder = BUILD / f"cmake-env-{request.python['version']}"
    stamp = folder / "pyproject.sha256"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest() + request.python["executable"]
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        run([request.python["executable"], "-I", "-m", "venv", folder])
        python = folder / "bin" / "python"
        run([python, "-m", "pip", "install", "--quiet", "pip>=25.1"])
        run([python, "-m", "pip", "install", "--quiet", "--group", f"{ROOT / 'pyproject.toml'}:{GROUP}"])
        stamp.write_text(wanted)
    return folder / "bin" / "python"


def build_folder(request: Request) -> Path:
    """Return the folder that CMake builds in: kept, so that the next build is a small one."""
    return BUILD / "cmake" / request.name


def _cross_settings(request: Request) -> dict[str, Argument]:
    """Return the CMake definitions of a cross compiler, and Python's headers for every machine."""
    if not request.is_cross:
        return {}
    headers = BUILD / "python-headers" / request.python["version"]
    return {
        "cmake.toolchain-file": ROOT / "toolchains" / "cc" / f"{request.compiler}.cmake",
        "cmake.define.TRIPLE": targets.find(request.target)["gcc"] or "",
        "cmake.define.Python_INCLUDE_DIR": cross_headers.make(
            Path(request.python["include"]), request.python["multiarch"], headers
        ),
    }


def _openvino_settings(request: Request) -> dict[str, Argument]:
    """Return the CMake definitions that link OpenVINO, or none; its files know only their own place."""
    if not request.links_openvino:
        return {}
    return {
        "cmake.define.OPENVINO": "linked",
        "cmake.define.OpenVINO_DIR": (request.openvino_runtime / "cmake").resolve(),
    }


def _settings(request: Request) -> dict[str, Argument]:
    """Return scikit-build-core's settings of a request."""
    return {
        "build-dir": build_folder(request),
        "cmake.define.PROFILE": request.profile,
        "cmake.define.TARGET": request.target,
        "cmake.define.COMPILER": request.compiler,
        "cmake.define.EXT_SUFFIX": request.ext_suffix,
        "cmake.define.pybind11_DIR": BUILD / "pybind11" / "pybind11" / "share" / "cmake" / "pybind11",
        **_openvino_settings(request),
        **_cross_settings(request),
    }


def configure(request: Request, folder: Path, **more: str) -> None:
    """Have CMake plan a build in `folder`, without compiling anything; `more`: further CMake definitions."""
    python = environment(request)
    settings = {**_settings(request), "cmake.define.Python_EXECUTABLE": python}
    prefix = "cmake.define."
    defines = [f"-D{key[len(prefix) :]}={value}" for key, value in settings.items() if key.startswith(prefix)]
    defines += [f"-D{key}={value}" for key, value in more.items()]
    if toolchain := settings.get("cmake.toolchain-file"):
        defines.append(f"-DCMAKE_TOOLCHAIN_FILE={toolchain}")
    command: list[Argument] = [python.parent / "cmake", "-G", "Ninja", "-S", ROOT, "-B", folder]
    capture([*command, "-DCMAKE_BUILD_TYPE=Release", *defines], env=_path_of(python))


def _path_of(python: Path) -> dict[str, str]:
    return {"PATH": f"{python.parent}:{os.environ.get('PATH', os.defpath)}"}


def build(request: Request) -> Path:
    """Build the wheel and return it; tools come from an environment of its own, inputs from build/."""
    python = environment(request)
    out = build_folder(request) / "wheel"
    shutil.rmtree(out, ignore_errors=True)
    pip: list[Argument] = [
        python,
        "-m",
        "pip",
        "wheel",
        "--verbose",
        "--no-build-isolation",
        "--no-deps",
        "--wheel-dir",
        out,
    ]
    run(
        [*pip, *(f"--config-settings={key}={value}" for key, value in _settings(request).items()), ROOT],
        env=_path_of(python),
    )
    (wheel,) = out.glob("*.whl")
    return wheel
