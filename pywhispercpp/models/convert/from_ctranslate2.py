"""A CTranslate2 model by OpenAI's names: its matrices taken apart, its numbers made floats again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.readers.ctranslate2 import CTranslate2File
from pywhispercpp.models.convert.weights import Array, Shape

__all__ = ["CTranslate2Tensors"]

_QKV = ("query", "key", "value")


@dataclass(frozen=True)
class _Place:
    """Part `part` of the `parts` equal ones that a variable is a stack of, counted along its rows."""

    variable: str
    part: int = 0
    parts: int = 1


class CTranslate2Tensors(Mapping[str, Array]):
    """The tensors of one model; each is read when it is asked for.

    CTranslate2 keeps query, key and value of self-attention in one matrix, key and value of cross-attention
    in another, and a bias for the keys, of zeros. int8 and int16 have a scale, for every row or for all.
    """

    def __init__(self, source: CTranslate2File) -> None:
        """Find out where every tensor is; ModelError for what is no Whisper model."""
        self._source = source
        self._places = dict(_places(source))
        self.shapes: dict[str, Shape] = {name: self._shape(place) for name, place in self._places.items()}

    def __getitem__(self, name: str) -> Array:
        """Read one tensor."""
        place = self._places[name]
        if name.endswith("query.bias"):
            self._look_at_key_bias(name)
        return self._part(place)

    def __iter__(self) -> Iterator[str]:
        """Names."""
        return iter(self._places)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self._places)

    def _shape(self, place: _Place) -> Shape:
        shape = self._source.shape(place.variable)
        if not shape or shape[0] % place.parts:
            raise ModelError(
                f"{self._source.path}: {place.variable} has shape {list(shape)}, no {place.parts} equal parts"
            )
        return (shape[0] // place.parts, *shape[1:])

    def _part(self, place: _Place) -> Array:
        rows = self._shape(place)[0]
        part = slice(place.part * rows, (place.part + 1) * rows)
        numbers = self._source[place.variable][part]
        if numbers.dtype.kind == "f":
            return numbers
        scale = self._scale(place.variable)
        rest = (1,) * (numbers.ndim - 1)
        divisor = scale[part].reshape(-1, *rest) if scale.ndim else scale
        return np.asarray(numbers.astype(np.float32) / divisor)

    def _scale(self, variable: str) -> NDArray[np.float32]:
        name, source = f"{variable}_scale", self._source
        kind = source.variables[variable].dtype
        if name not in source.variables:
            raise ModelError(f"{source.path}: {variable} is stored as {np.dtype(kind)} without a {name}")
        stored = source[name]
        rows = source.shape(variable)[0]
        if stored.shape not in ((), (1,), (rows,)) or stored.dtype.kind != "f":
            raise ModelError(f"{source.path}: {name} has shape {list(stored.shape)}, expected [{rows}]")
        scale = stored.astype(np.float32)
        if not (np.isfinite(scale).all() and scale.all()):
            raise ModelError(f"{source.path}: {name} holds zeros or no numbers")
        return scale.reshape(()) if scale.size == 1 and rows != 1 else scale

    def _look_at_key_bias(self, query: str) -> None:
        place = self._places[query]
        key = _key_bias(place)
        if np.any(self._part(key)):
            raise ModelError(
                f"{self._source.path}: {key.variable} has a bias for the keys; Whisper has none, so neither "
                "has whisper.cpp"
            )


def _key_bias(query: _Place) -> _Place:
    if query.parts == 3:
        return _Place(query.variable, 1, 3)
    return _Place(query.variable.replace("linear_0", "linear_1"), 0, 2)


def _places(source: CTranslate2File) -> Iterator[tuple[str, _Place]]:
    yield "decoder.positional_embedding", _Place("decoder/position_encodings/encodings")
    yield "encoder.positional_embedding", _Place("encoder/position_encodings/encodings")
    yield "decoder.token_embedding.weight", _Place("decoder/embeddings/weight")
    yield from _norm("decoder.ln", "decoder")
    yield from _norm("encoder.ln_post", "encoder")
    for conv in ("conv1", "conv2"):
        yield from _linear(f"encoder.{conv}", f"encoder/{conv}")
    for stack in ("decoder", "encoder"):
        for layer in range(source.layers(stack)):
            yield from _block(f"{stack}.blocks.{layer}", f"{stack}/layer_{layer}", stack == "decoder")


def _block(name: str, place: str, cross: bool) -> Iterator[tuple[str, _Place]]:
    yield from _norm(f"{name}.mlp_ln", f"{place}/ffn")
    yield from _linear(f"{name}.mlp.0", f"{place}/ffn/linear_0")
    yield from _linear(f"{name}.mlp.2", f"{place}/ffn/linear_1")
    yield from _norm(f"{name}.attn_ln", f"{place}/self_attention")
    for number, part in enumerate(_QKV):
        fused = f"{place}/self_attention/linear_0"
        yield from _attended(f"{name}.attn.{part}", fused, number, 3, part)
    yield from _linear(f"{name}.attn.out", f"{place}/self_attention/linear_1")
    if cross:
        yield from _norm(f"{name}.cross_attn_ln", f"{place}/attention")
        yield from _linear(f"{name}.cross_attn.query", f"{place}/attention/linear_0")
        for number, part in enumerate(_QKV[1:]):
            fused = f"{place}/attention/linear_1"
            yield from _attended(f"{name}.cross_attn.{part}", fused, number, 2, part)
        yield from _linear(f"{name}.cross_attn.out", f"{place}/attention/linear_2")


def _attended(name: str, place: str, part: int, parts: int, which: str) -> Iterator[tuple[str, _Place]]:
    yield f"{name}.weight", _Place(f"{place}/weight", part, parts)
    if which != "key":  # Whisper's keys have no bias; CTranslate2 stores zeros
        yield f"{name}.bias", _Place(f"{place}/bias", part, parts)


def _linear(name: str, place: str) -> Iterator[tuple[str, _Place]]:
    yield f"{name}.weight", _Place(f"{place}/weight")
    yield f"{name}.bias", _Place(f"{place}/bias")


def _norm(name: str, place: str) -> Iterator[tuple[str, _Place]]:
    yield f"{name}.weight", _Place(f"{place}/layer_norm/gamma")
    yield f"{name}.bias", _Place(f"{place}/layer_norm/beta")
