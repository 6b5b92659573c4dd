"""A model, speech, and what the references written from the paper make of them."""

from __future__ import annotations

from pathlib import Path

from pywhispercpp import audio
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.log_mel import log_mel
from pywhispercpp.models.vocabulary import Vocabulary
from tests import reference_decoder, reference_encoder
from tests.reference_encoder import Array

__all__ = ["CONTEXT", "Heard"]

CONTEXT = 550  # steps of 20 ms: all of jfk.wav


class Heard:
    """The first CONTEXT steps of a recording; `file` is open until somebody closes it."""

    def __init__(self, path: Path, speech: Path) -> None:
        self.path = path
        self.file = GgmlTensors(path)
        self.tensors = dict(self.file)
        self.words = Vocabulary(self.file.header, self.file.words())
        self.samples = audio.load(speech)[: CONTEXT * 320]
        self.mel = log_mel(self.samples, self.file.mel_filters())
        self.features = reference_encoder.encode(self.file.header, self.tensors, self.mel, CONTEXT)

    def decoded(self, tokens: list[int]) -> Array:
        """Logits (tokens, n_vocab) behind each of the tokens."""
        return reference_decoder.decode(self.file.header, self.tensors, self.features, tokens)
