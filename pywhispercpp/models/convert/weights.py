"""The tensors of a Whisper network by OpenAI's names, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.vocabulary import Tokens
from pywhispercpp.models.ggml_layout import GgmlHeader

__all__ = ["Array", "Container", "Shape", "Weights", "header_of"]

Array = NDArray[np.generic]
Shape = tuple[int, ...]  # slowest dimension first
_HEAD_SIZE = 64  # channels in one attention head, in every Whisper network


class Container(Protocol):
    """A file, or several, of named tensors."""

    @property
    def path(self) -> Path:
        """The file, for messages."""

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Every tensor, by its name in the file."""

    def __getitem__(self, name: str) -> Array:
        """Read one tensor of floating point numbers; bfloat16 as float32."""


@dataclass(frozen=True)
class Weights:
    """One network; a tensor is read when it is asked for."""

    path: Path
    shapes: Mapping[str, Shape]
    tensors: Mapping[str, Array]
    files: tuple[Path, ...]  # all that it is made of
    claims: Mapping[str, int] = field(default_factory=dict)  # what it says of itself, by the header's names
    tokens: Tokens | None = None  # its own vocabulary

    @property
    def bytes(self) -> int:
        """Size of the files that hold it."""
        return sum(file.stat().st_size for file in self.files)


def header_of(weights: Weights, ftype: int) -> GgmlHeader:
    """Return the header of the ggml file, from the shapes; ModelError where they and the claims differ."""
    mel_weight = _shape(weights, "encoder.conv1.weight", 3)
    audio_ctx, audio_state = _shape(weights, "encoder.positional_embedding", 2)
    text_ctx, text_state = _shape(weights, "decoder.positional_embedding", 2)
    n_vocab, _ = _shape(weights, "decoder.token_embedding.weight", 2)
    header = GgmlHeader(
        n_vocab=n_vocab,
        n_audio_ctx=audio_ctx,
        n_audio_state=audio_state,
        n_audio_head=weights.claims.get("n_audio_head", audio_state // _HEAD_SIZE),
        n_audio_layer=_layers(weights, "encoder"),
        n_text_ctx=text_ctx,
        n_text_state=text_state,
        n_text_head=weights.claims.get("n_text_head", text_state // _HEAD_SIZE),
        n_text_layer=_layers(weights, "decoder"),
        n_mels=mel_weight[1],
        ftype=ftype,
        quantization_version=0,
    )
    for name, number in weights.claims.items():
        if getattr(header, name) != number:
            raise ModelError(
                f"{weights.path}: says {name} is {number}, its tensors say {getattr(header, name)}"
            )
    return header


def _shape(weights: Weights, name: str, rank: int) -> Shape:
    shape = weights.shapes.get(name)
    if shape is None:
        raise ModelError(f"{weights.path}: no tensor {name}; not a whole Whisper network")
    if len(shape) != rank:
        raise ModelError(f"{weights.path}: tensor {name} has shape {list(shape)}, expected {rank} dimensions")
    return shape


def _layers(weights: Weights, stack: str) -> int:
    """How many `<stack>.blocks.N` there are, counted from 0 without a gap."""
    prefix = f"{stack}.blocks."
    present = {name[len(prefix) :].split(".")[0] for name in weights.shapes if name.startswith(prefix)}
    return next(number for number in range(len(present) + 1) if str(number) not in present)
