"""ggml file -> TFLite."""
