"""What quantizing cost: quantized models beside the one they were made of, on real speech."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pywhispercpp import audio

__all__ = ["QuantizeCheck", "Yardstick"]


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


class Yardstick:
    """What a model makes of one recording; others are compared with it."""

    def __init__(
        self,
        model: str | os.PathLike[str],
        media: audio.Media,
        *,
        language: str = "auto",
        n_threads: int = 4,
    ) -> None:
        """Hear `media`. language: as in Model.transcribe; an English model takes en.

        Raises what Model and Model.transcribe raise.
        """
        from pywhispercpp.audio import load

        self._samples = load(media)
        self._language = language
        self._n_threads = n_threads
        self._size = Path(model).stat().st_size
        self._encoded, self._text = self._heard(Path(model))

    def check(self, quantized: str | os.PathLike[str]) -> QuantizeCheck:
        """Hear the same with a model that was made of the first one. Raises the same."""
        encoded, text = self._heard(Path(quantized))
        error = float(np.linalg.norm(encoded - self._encoded) / np.linalg.norm(self._encoded))
        return QuantizeCheck(text, self._text, error, Path(quantized).stat().st_size, self._size)

    def _heard(self, path: Path) -> tuple[audio.Samples, str]:
        """The encoder's output and the text, by ggml: another backend would bring errors of its own."""
        from pywhispercpp import Model

        with Model(path, backend="ggml", n_threads=self._n_threads) as model:
            spoken = self._language if model.header.multilingual else "en"
            return model.encode(self._samples), model.transcribe(self._samples, language=spoken).text.strip()
