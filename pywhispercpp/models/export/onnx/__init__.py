"""ggml file -> ONNX, and running it."""
