"""Export: Whisper's networks, described once (`network`), written in other formats. Light to import."""

from __future__ import annotations

from pywhispercpp.models.export.to_openvino import WEIGHTS, export_openvino
from pywhispercpp.models.export.to_tflite import PARTS, export_tflite

__all__ = ["PARTS", "WEIGHTS", "export_openvino", "export_tflite"]
