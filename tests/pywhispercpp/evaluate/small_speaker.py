"""Makes a small model that hears nothing right, in milliseconds, and yet has tiny.en's words to say it in."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp.models import ggml_file
from pywhispercpp.models.ggml_layout import expected_tensors
from tests.small_model import HEADER, header_bytes, tensor_bytes


def write(path: Path, words_of: Path) -> Path:
    """Write a model with weights of zero and the vocabulary and filters of another."""
    name, place = min(ggml_file.contents(words_of).tensors.items(), key=lambda item: item[1].offset)
    with words_of.open("rb") as file:
        head = file.read(place.offset - len(name) - 4 * len(place.shape) - 12)
    out = bytearray(header_bytes(HEADER) + head[48:])
    for tensor, shape, kind in expected_tensors(HEADER):
        out += tensor_bytes(tensor, shape, kind.code, bytes(kind.bytes_for(shape)))
    path.write_bytes(out)
    return path
