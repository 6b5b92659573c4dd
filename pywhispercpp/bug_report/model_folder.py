"""What lies in the folder of models: each file, what it is, or what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pywhispercpp.errors import PywhispercppError
from pywhispercpp.models.paths import default_models_dir

__all__ = ["look"]

_NETWORKS = {4: "tiny", 6: "base", 12: "small", 24: "medium", 32: "large"}


def look(folder: Path | None = None) -> dict[str, Any]:
    """The folder of models (the user's when None), whether it can be written, and the files in it."""
    folder = default_models_dir() if folder is None else folder
    files = sorted(folder.glob("*.bin")) if folder.is_dir() else []
    return {
        "folder": str(folder),
        "there": folder.is_dir(),
        "writable": os.access(_there(folder), os.W_OK),
        "files": [_file(path) for path in files],
    }


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: what decides whether it can be made."""
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


def _file(path: Path) -> dict[str, Any]:
    """One file; a damaged one is told as such."""
    found: dict[str, Any] = {"file": path.name}
    try:
        found["size"] = path.stat().st_size
        found.update(_vad(path) if path.name.startswith("ggml-silero") else _whisper(path))
    except (PywhispercppError, OSError) as error:
        found["problem"] = str(error)
    ir = path.with_name(f"{path.stem}-encoder-openvino.xml")
    if ir.is_file():
        found["openvino"] = ir.name
    return found


def _vad(path: Path) -> dict[str, Any]:
    from pywhispercpp import vad_file

    vad_file.check(path)
    return {"network": "vad"}


def _whisper(path: Path) -> dict[str, Any]:
    from pywhispercpp.models import ggml_file

    header = ggml_file.check(path)
    network = _NETWORKS[header.n_audio_layer]
    language = "" if header.multilingual else ".en"
    return {"network": f"{network}{language}", "weights": header.weight_type.name}
