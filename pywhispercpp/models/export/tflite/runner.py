"""Text of sound, by a TFLite file that writes tokens: for `models evaluate`, and as a device does it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pywhispercpp.decode import SAMPLE_RATE
from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.extras import require
from pywhispercpp.models.export import device_folder, greedy
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.tflite.metadata import Metadata, vocabulary_beside
from pywhispercpp.models.export.windows import windows
from pywhispercpp.models.log_mel import log_mel
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["Runner"]

_PARTS = ("encoder-decoder", "generator")


class Runner:
    """One file of part "encoder-decoder" or "generator", ready to run; its words lie beside it."""

    def __init__(self, path: str | os.PathLike[str], threads: int = 4) -> None:
        """Load the file; raises ModelError when it cannot be used, and MissingPackageError."""
        self.path = Path(path)
        metadata = Metadata(self.path)
        self.facts: Mapping[str, str] = metadata.facts
        if self.facts.get("part") not in _PARTS:
            raise ModelError(f"{self.path}: {self.facts.get('part')}: one of {', '.join(_PARTS)} is needed")
        self._filters = metadata.mel_filters() if self.facts["part"] == _PARTS[0] else None
        self.vocabulary = self._vocabulary()
        self._run = self._loaded(threads)
        self.audio_seconds = float(self.facts["audio_seconds"])

    def transcribe(self, samples: Array, language: str | None = None) -> str:
        """Text of mono sound (n,) float32 at 16 kHz, of any length: it is heard in pieces.

        language: the one the file was made for, or None. Raises OptionError for another.
        """
        made, prompt = self.facts["language"], self.vocabulary.prompt
        if language is not None and prompt(language) != prompt(made):
            raise OptionError(f"language={language!r}: {self.path} was made for {made!r}; export one for it")
        count = round(self.audio_seconds * SAMPLE_RATE)
        text = (self.vocabulary.text(self.tokens(piece)) for piece in windows(samples, count))
        return "".join(text).strip()

    def tokens(self, piece: Array) -> list[int]:
        """Tokens of `audio_seconds` of sound: the prompt, the text, the end; none where nobody speaks."""
        if self._filters is None:
            given = {"normalized_audio": piece[None]}
        else:
            given = {"input_features": log_mel(piece, self._filters)[None]}
        found = self._run(**given)
        silent = found["no_speech"][0] > greedy.NO_SPEECH and found["certainty"][0] < greedy.DOUBTFUL
        tokens: list[int] = [] if silent else found["tokens"][0].tolist()
        return tokens

    def _vocabulary(self) -> Vocabulary:
        file = vocabulary_beside(self.path)
        found = device_folder.read_file(file)
        if found.facts != self.facts:
            raise ModelError(f"{file}: was not written together with {self.path.name}; export again")
        return found.vocabulary

    def _loaded(self, threads: int) -> Any:  # noqa: ANN401 - the interpreter has no types
        runtime = require("ai_edge_litert.interpreter", "tflite", "running a TFLite file")
        try:
            interpreter = runtime.Interpreter(model_path=str(self.path), num_threads=threads)
            interpreter.allocate_tensors()
            return interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self.path}: the interpreter does not take it: {error}") from error
