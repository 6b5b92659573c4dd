"""What quantizing cost: the quantized model beside the one it was made of, on real speech."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pywhispercpp import audio

__all__ = ["QuantizeCheck", "check"]


@dataclass(frozen=True)
class QuantizeCheck:
    """A quantized model beside the one that it was made of.

    Attributes:
        text: what the quantized model hears.
        text_before: what the other hears.
        encoder_error: relative L2 error of the encoder's output: ||quantized - other|| / ||other||, over the
            first 30 s, at the whole context.
        size, size_before: bytes of the files.
    """

    text: str
    text_before: str
    encoder_error: float
    size: int
    size_before: int


def check(
    model: str | os.PathLike[str],
    quantized: str | os.PathLike[str],
    media: audio.Media,
    *,
    language: str = "auto",
    n_threads: int = 4,
) -> QuantizeCheck:
    """Hear `media` with both models. Raises what Model and Model.transcribe raise.

    language: as in Model.transcribe; one that knows English only takes that.
    """
    from pywhispercpp.audio import load

    samples = load(media)
    before, text_before = _heard(Path(model), samples, language, n_threads)
    after, text = _heard(Path(quantized), samples, language, n_threads)
    error = float(np.linalg.norm(after - before) / np.linalg.norm(before))
    sizes = Path(quantized).stat().st_size, Path(model).stat().st_size
    return QuantizeCheck(text, text_before, error, *sizes)


def _heard(path: Path, samples: audio.Samples, language: str, n_threads: int) -> tuple[audio.Samples, str]:
    """The encoder's output and the text, by ggml: another backend would bring errors of its own."""
    from pywhispercpp import Model

    with Model(path, backend="ggml", n_threads=n_threads) as model:
        spoken = language if model.header.multilingual else "en"
        return model.encode(samples), model.transcribe(samples, language=spoken).text.strip()
