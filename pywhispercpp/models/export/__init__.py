"""Export: Whisper's networks, described once (`network`), written in other formats. Light to import."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pywhispercpp.models.export.choices import (
    HAILO_ARCHITECTURES,
    ONNX_PARTS,
    ONNX_WEIGHTS,
    TFLITE_PARTS,
    WEIGHTS,
)

if TYPE_CHECKING:
    from pywhispercpp.models.export.hailo.to_hailo import HailoExport as HailoExport
    from pywhispercpp.models.export.hailo.to_hailo import export_hailo as export_hailo
    from pywhispercpp.models.export.onnx.to_onnx import export_onnx as export_onnx
    from pywhispercpp.models.export.openvino.to_openvino import export_openvino as export_openvino
    from pywhispercpp.models.export.tflite.to_tflite import export_tflite as export_tflite

__all__ = [
    "HAILO_ARCHITECTURES",
    "ONNX_PARTS",
    "ONNX_WEIGHTS",
    "TFLITE_PARTS",
    "WEIGHTS",
    "HailoExport",
    "export_hailo",
    "export_onnx",
    "export_openvino",
    "export_tflite",
]

# Imported when somebody asks for it: name -> module.
_LATER = {
    "HailoExport": "hailo.to_hailo",
    "export_hailo": "hailo.to_hailo",
    "export_onnx": "onnx.to_onnx",
    "export_openvino": "openvino.to_openvino",
    "export_tflite": "tflite.to_tflite",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import what was asked for (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
