"""Where the OpenVINO runtime is: a folder that was named, the pip package, or where the loader looks."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

from pywhispercpp import _core
from pywhispercpp.errors import BackendError

#: Names the folder of libopenvino_c, in place of the search.
ENVIRONMENT_VARIABLE = "OPENVINO_LIB_DIR"
HOW_TO_GET = "install it: pip install openvino (or name the folder of libopenvino_c.so by OPENVINO_LIB_DIR)"


def find() -> str | None:
    """The library of OpenVINO's C API, as the loader takes it; None where there is none.

    Looked for in this order: the folder OPENVINO_LIB_DIR (BackendError where it has none), the pip package
    `openvino` of this Python, the loader's own paths. An empty text: this wheel is linked against it.
    """
    if _core.OPENVINO_IS_LINKED:
        return ""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        found = _newest(Path(named))
        if found is None:
            raise BackendError(f"{ENVIRONMENT_VARIABLE}={named}: there is no libopenvino_c.so in it")
        return str(found)
    found = _in_package() or _on_library_path()
    if found:
        return str(found)
    import ctypes.util  # here: it brings subprocess along, and the package is where the library mostly is

    return ctypes.util.find_library("openvino_c")


def load() -> tuple[str, str]:
    """Load the runtime, once for the process; return its path and its version. Raises BackendError."""
    library = find()
    if library is None:
        raise BackendError(f"the OpenVINO runtime is not there; {HOW_TO_GET}")
    try:
        return _core.load_openvino(os.fsencode(library))
    except BackendError as error:
        raise BackendError(f"{error}; {HOW_TO_GET}") from None


def _in_package() -> Path | None:
    """The library inside the pip package, found without importing it: that would load its Python part too."""
    try:
        spec = importlib.util.find_spec("openvino")
    except (ImportError, ValueError):  # half an installation, or a module without a spec
        return None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if found := _newest(Path(folder) / "libs"):
            return found
    return None


def _on_library_path() -> Path | None:
    """The library in a folder of LD_LIBRARY_PATH, where a toolkit's setupvars.sh puts it.

    By hand: find_library() asks the compiler for these folders, and few machines have one.
    """
    folders = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    return next((found for folder in folders if (found := _newest(Path(folder)))), None)


def _newest(folder: Path) -> Path | None:
    """The library in a folder; where there are several, that of the highest number."""

    def number(path: Path) -> list[int]:
        return [int(digits) for digits in re.findall(r"\d+", path.name)]

    return max(folder.glob("libopenvino_c.so*"), key=number, default=None)
