"""ggml file -> OpenVINO IR."""
