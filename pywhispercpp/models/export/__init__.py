"""Export: Whisper's networks, described once (`network`), written in other formats. Light to import."""

from __future__ import annotations

from pywhispercpp.models.export.to_openvino import export_openvino

__all__ = ["export_openvino"]
