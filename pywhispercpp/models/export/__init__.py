"""Export: Whisper's networks, described once (`network`), written in other formats. Light to import."""

from __future__ import annotations

from pywhispercpp.models.export.hailo.model_script import ARCHITECTURES as HAILO_ARCHITECTURES
from pywhispercpp.models.export.hailo.to_hailo import HailoExport, export_hailo
from pywhispercpp.models.export.onnx.emitter import WEIGHTS as ONNX_WEIGHTS
from pywhispercpp.models.export.onnx.to_onnx import PARTS as ONNX_PARTS
from pywhispercpp.models.export.onnx.to_onnx import export_onnx
from pywhispercpp.models.export.openvino.to_openvino import WEIGHTS, export_openvino
from pywhispercpp.models.export.tflite.parts import PARTS as TFLITE_PARTS
from pywhispercpp.models.export.tflite.to_tflite import export_tflite

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
