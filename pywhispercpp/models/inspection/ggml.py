"""Looks into a ggml Whisper file."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp.models import ggml_file
from pywhispercpp.models.inspection.report import ModelReport, TensorReport

__all__ = ["read"]


def read(path: Path) -> ModelReport:
    """Report on the file; raises ModelError for one that whisper.cpp cannot use."""
    found = ggml_file.contents(path)
    header = found.header
    said: dict[str, str | int] = {
        "network": header.size,
        "languages": "many" if header.multilingual else "English",
        "weights": header.weight_type.name,
        **vars(header),
    }
    tensors = tuple(
        TensorReport(name, place.shape[::-1], place.kind.name, place.size, place.offset)
        for name, place in found.tensors.items()
    )
    return ModelReport(path, "Whisper model for whisper.cpp (ggml)", path.stat().st_size, said, tensors)
