"""Export: Whisper's networks, described once (`network`), written in other formats. Light to import."""

from __future__ import annotations

from pywhispercpp.models.export.to_openvino import WEIGHTS, export_openvino

__all__ = ["WEIGHTS", "export_openvino"]
