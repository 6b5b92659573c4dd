"""Temporary stand-in until the lead's is merged."""

from pathlib import Path

SECTION = "pywhispercpp"


def path_beside(model: Path) -> Path:
    """Where whisper.cpp looks for the model's IR."""
    return model.with_name(f"{model.stem}-encoder-openvino.xml")
