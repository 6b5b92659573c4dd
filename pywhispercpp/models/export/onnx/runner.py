"""Runs an exported folder of ONNX networks with onnxruntime: sound in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pywhispercpp.decode import SAMPLE_RATE
from pywhispercpp.errors import ModelError
from pywhispercpp.models.export import device_folder, greedy
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.onnx.session import require_runtime, session
from pywhispercpp.models.export.windows import windows

__all__ = ["Runner"]

Values = dict[str, Array]


class Runner:
    """The networks of one folder; see `export_onnx`. Needs nothing but onnxruntime and this package."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Load them. threads: for one operation; 0 for onnxruntime's own choice.

        Raises ModelError for a folder that is no export, lacks a network or has a broken one, and
        MissingPackageError without onnxruntime.
        """
        require_runtime()
        self._folder = folder
        self._threads = threads
        self._read = device_folder.read(folder)
        self.vocabulary = self._read.vocabulary
        self._features = self._session("features")
        self._encoder = self._session("encoder")
        self._remembers = "decoder-with-past" in self._read.networks
        self._decoder = self._session("decoder-with-past" if self._remembers else "decoder")
        self._samples = int(self._features.get_inputs()[0].shape[2])

    @property
    def audio_seconds(self) -> float:
        """How much sound the networks take at a time."""
        return self._samples / SAMPLE_RATE

    def transcribe(self, samples: Array, language: str | None = None) -> str:
        """Return the text of mono sound at 16 kHz, float32 (n,), of any length; by the likeliest tokens.

        language: "de", "german"; English when None. Raises OptionError for one that the model does not know.
        """
        prompt = self.vocabulary.prompt(language)
        tokens = [self.decode(self.encode(piece), prompt) for piece in windows(samples, self._samples)]
        return " ".join(filter(None, (self.vocabulary.text(piece).strip() for piece in tokens)))

    def encode(self, samples: Array) -> Values:
        """Return all outputs of the encoder, by name, for as much sound as it takes."""
        (mel,) = self._features.run(["mel"], {"samples": samples[None, None]})
        names = [output.name for output in self._encoder.get_outputs()]
        return dict(zip(names, self._encoder.run(names, {"mel": mel})))

    def decode(self, heard: Values, prompt: Sequence[int]) -> list[int]:
        """Return the tokens of the text that follows the prompt."""
        cross = {name: value for name, value in heard.items() if name.startswith("cross_")}
        kind = _Remembering if self._remembers else _Repeating
        decoder = kind(self._decoder, cross)
        most = min(self.vocabulary.header.n_text_ctx // 2, decoder.most) - len(prompt)
        return greedy.decode(decoder.logits, self.vocabulary, prompt, most)

    def _session(self, part: str) -> Any:  # noqa: ANN401 - onnxruntime has no types
        if part not in self._read.networks:
            raise ModelError(f"{self._folder}: has no {part}; export it again with --part {part}")
        file = self._folder / self._read.networks[part]
        network = session(file, self._threads)
        found = network.get_modelmeta().custom_metadata_map
        self._belongs(file, found)
        return network

    def _belongs(self, file: Path, found: Mapping[str, str]) -> None:
        if any(found.get(name) != value for name, value in self._read.facts.items()):
            raise ModelError(
                f"{file}: was not written together with {device_folder.VOCABULARY_FILE}; export again"
            )


class _Remembering:
    """A decoder that is given the keys and values of earlier tokens."""

    most = 1 << 30

    def __init__(self, session: Any, cross: Values) -> None:  # noqa: ANN401
        self._session = session
        self._cross = cross
        shapes = {entry.name: entry.shape for entry in session.get_inputs() if "past_" in entry.name}
        self._past = {name: np.zeros((1, s[1], 0, s[3]), np.float32) for name, s in shapes.items()}
        self._names = ["logits", *(name.replace("past_", "present_") for name in self._past)]

    def logits(self, tokens: Sequence[int]) -> Array:
        given = {"tokens": np.array([tokens], np.int64), **self._cross, **self._past}
        logits, *present = self._session.run(self._names, given)
        self._past = dict(zip(self._past, present))
        first: Array = logits[0]
        return first


class _Repeating:
    """A decoder that is given all tokens each time; where its sequence is fixed, zeros follow them."""

    def __init__(self, session: Any, cross: Values) -> None:  # noqa: ANN401
        self._session = session
        self._cross = cross
        self._tokens: list[int] = []
        (count,) = (entry.shape[1] for entry in session.get_inputs() if entry.name == "tokens")
        self.most = count if isinstance(count, int) else 1 << 30

    def logits(self, tokens: Sequence[int]) -> Array:
        begin = len(self._tokens)
        self._tokens += tokens
        zeros = [0] * (self.most - len(self._tokens) if self.most < 1 << 30 else 0)
        given = {"tokens": np.array([self._tokens + zeros], np.int64), **self._cross}
        (logits,) = self._session.run(["logits"], given)
        new: Array = logits[0, begin : len(self._tokens)]
        return new
