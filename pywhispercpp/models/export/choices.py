"""What an export can be asked for: data, which the command line reads without importing any export."""

from __future__ import annotations

__all__ = ["HAILO_ARCHITECTURES", "ONNX_PARTS", "ONNX_WEIGHTS", "TFLITE_PARTS", "WEIGHTS"]

#: How OpenVINO's encoder stores matrices.
WEIGHTS = ("f16", "int8")

ONNX_PARTS = ("features", "encoder", "decoder", "decoder-with-past")
ONNX_WEIGHTS = ("f32", "f16", "int8")

#: Each part with its stages, in their order.
TFLITE_PARTS = {
    "encoder-decoder": ("encoder", "decoder"),
    "encoder": ("encoder",),
    "decoder": ("decoder",),
    "features": ("features",),
    "pcm-encoder": ("features", "encoder"),
    "generator": ("features", "encoder", "decoder"),
}

HAILO_ARCHITECTURES = ("hailo8", "hailo8l", "hailo10h")
