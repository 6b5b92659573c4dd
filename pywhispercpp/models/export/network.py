"""Whisper's networks, described once for every format.

Each function takes what the network's parts before it gave and returns what it gives, so that a format may
cut the network where its devices want it cut.
Source: `whisper_build_graph_conv`, `whisper_build_graph_encoder`, `whisper_build_graph_cross`,
`whisper_build_graph_decoder` and `log_mel_spectrogram` in src/whisper.cpp of whisper.cpp 1.8.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import numpy as np

from pywhispercpp.models.export.emitter import (
    Array,
    DecoderEmitter,
    Emitter,
    Extent,
    FrontEndEmitter,
    Value,
)
from pywhispercpp.models.ggml_layout import GgmlHeader
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.log_mel import FFT, HOP, LEAST_POWER, RANGE, hann, needed_zeros

__all__ = [
    "FRAMES_PER_STEP",
    "KeyValue",
    "cross_attended",
    "decoder",
    "embedded",
    "encoder",
    "head_shape",
    "log_mel",
    "mel_shape",
]

FRAMES_PER_STEP = 2  # mel frames for one step of the audio context: the second convolution takes every other


@dataclass(frozen=True)
class KeyValue(Generic[Value]):
    """What one layer attends to; each (1, heads, steps, channels in a head)."""

    key: Value
    value: Value


def mel_shape(header: GgmlHeader, audio_context: Extent) -> tuple[Extent, ...]:
    """Shape of the encoder's input for a context of so many steps of 20 ms: (1, n_mels, frames)."""
    if isinstance(audio_context, int):
        return (1, header.n_mels, FRAMES_PER_STEP * audio_context)
    frames = range(FRAMES_PER_STEP * audio_context[0], FRAMES_PER_STEP * audio_context[-1] + 1)
    return (1, header.n_mels, frames)


def head_shape(header: GgmlHeader, steps: Extent) -> tuple[Extent, ...]:
    """Shape of a key or value in the decoder: (1, heads, steps, channels in a head)."""
    return (1, header.n_text_head, steps, header.n_text_state // header.n_text_head)


def log_mel(filters: Array, emitter: FrontEndEmitter[Value], samples: Value, count: int) -> Value:
    """Log-mel spectrogram (1, n_mels, frames) of sound (1, 1, count) at 16 kHz; a frame is 10 ms.

    filters: (n_mels, 201), as the model's file has them. A true transform of 400 points: windows times sines
    and cosines, as a matrix. The filters add up power, so that both halves of it get the same weights.
    """
    x = emitter.pad(samples, FFT // 2, needed_zeros(count))
    x = emitter.square(emitter.windows("mel.transform", x, _transform(), HOP))
    x = emitter.mix("mel.filters", x, np.concatenate([filters, filters], axis=1))
    x = emitter.limit_range(emitter.log10(x, LEAST_POWER), RANGE)
    return emitter.transpose(emitter.scale_shift(x, 0.25, 1.0), (0, 2, 1))  # (x + 4) / 4


def _transform() -> Array:
    """Real parts, then imaginary parts, of the transform of a windowed frame: (402, 400)."""
    angles = 2 * np.pi / FFT * np.outer(np.arange(FFT // 2 + 1), np.arange(FFT))
    rows: Array = (np.concatenate([np.cos(angles), np.sin(angles)]) * hann()).astype(np.float32)
    return rows


def encoder(tensors: GgmlTensors, emitter: Emitter[Value], mel: Value) -> Value:
    """Features (1, audio context, n_state) of a log-mel of `mel_shape`.

    A weight is read just when it is handed to the emitter, so no more than one is in memory here.
    """
    layers = _Layers(tensors, emitter)
    x = layers.conv("encoder.conv1", mel, 1)
    x = layers.conv("encoder.conv2", x, FRAMES_PER_STEP)
    x = emitter.transpose(x, (0, 2, 1))  # to (1, steps, channels)
    x = emitter.positions("encoder.positional_embedding", x, tensors["encoder.positional_embedding"])
    for layer in range(tensors.header.n_audio_layer):
        name = f"encoder.blocks.{layer}"
        x = emitter.add(x, layers.self_attention(f"{name}.attn", layers.norm(f"{name}.attn_ln", x)))
        x = layers.mlp(name, x)
    return layers.norm("encoder.ln_post", x)


def cross_attended(tensors: GgmlTensors, emitter: Emitter[Value], features: Value) -> list[KeyValue[Value]]:
    """What each layer of the decoder attends to in the features: once for a whole window."""
    layers = _Layers(tensors, emitter)
    names = [f"decoder.blocks.{layer}.cross_attn" for layer in range(tensors.header.n_text_layer)]
    return [layers.key_value(name, features, tensors.header.n_text_head) for name in names]


def embedded(tensors: GgmlTensors, emitter: DecoderEmitter[Value], tokens: Value) -> Value:
    """Tokens (1, count) as vectors (1, count, n_state), with their places."""
    name = "decoder.positional_embedding"
    x = emitter.embedding(_TOKEN_EMBEDDING, tokens, tensors[f"{_TOKEN_EMBEDDING}.weight"])
    return emitter.next_positions(name, x, tensors[name])


def decoder(
    tensors: GgmlTensors, emitter: DecoderEmitter[Value], x: Value, attended: list[KeyValue[Value]]
) -> Value:
    """Logits (1, count, n_vocab) of vectors (1, count, n_state) and what `cross_attended` gave."""
    layers = _DecoderLayers(tensors, emitter)
    for layer, cross in enumerate(attended):
        name = f"decoder.blocks.{layer}"
        x = emitter.add(x, layers.causal_attention(name, layer, layers.norm(f"{name}.attn_ln", x)))
        y = layers.norm(f"{name}.cross_attn_ln", x)
        x = emitter.add(x, layers.cross_attention(f"{name}.cross_attn", y, cross))
        x = layers.mlp(name, x)
    x = layers.norm("decoder.ln", x)
    return emitter.linear(_TOKEN_EMBEDDING, x, tensors[f"{_TOKEN_EMBEDDING}.weight"], None)


_TOKEN_EMBEDDING = "decoder.token_embedding"


class _Layers(Generic[Value]):
    """The layers that encoder and decoder share, by their names in the file."""

    def __init__(self, tensors: GgmlTensors, emitter: Emitter[Value]) -> None:
        self.tensors = tensors
        self.emitter = emitter

    def self_attention(self, name: str, x: Value) -> Value:
        heads = self.tensors.header.n_audio_head
        query = self.emitter.split_heads(self.linear(f"{name}.query", x), heads)
        own = self.key_value(name, x, heads)
        y = self.emitter.attention(query, own.key, own.value)
        return self.linear(f"{name}.out", self.emitter.join_heads(y))

    def key_value(self, name: str, x: Value, heads: int) -> KeyValue[Value]:
        key = self.linear(f"{name}.key", x, bias=False)  # Whisper's keys have none
        value = self.linear(f"{name}.value", x)
        return KeyValue(self.emitter.split_heads(key, heads), self.emitter.split_heads(value, heads))

    def mlp(self, block: str, x: Value) -> Value:
        y = self.norm(f"{block}.mlp_ln", x)
        y = self.linear(f"{block}.mlp.2", self.emitter.gelu(self.linear(f"{block}.mlp.0", y)))
        return self.emitter.add(x, y)

    def conv(self, name: str, x: Value, stride: int) -> Value:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"].reshape(-1)
        return self.emitter.gelu(self.emitter.conv1d(name, x, weight, bias, stride))

    def linear(self, name: str, x: Value, bias: bool = True) -> Value:
        shift = self.tensors[f"{name}.bias"] if bias else None
        return self.emitter.linear(name, x, self.tensors[f"{name}.weight"], shift)

    def norm(self, name: str, x: Value) -> Value:
        return self.emitter.layer_norm(name, x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])


class _DecoderLayers(_Layers[Value]):
    """The layers of the decoder alone."""

    def __init__(self, tensors: GgmlTensors, emitter: DecoderEmitter[Value]) -> None:
        super().__init__(tensors, emitter)
        self.decoder = emitter
        self.heads = tensors.header.n_text_head

    def causal_attention(self, block: str, layer: int, x: Value) -> Value:
        name = f"{block}.attn"
        query = self.emitter.split_heads(self.linear(f"{name}.query", x), self.heads)
        fresh = self.key_value(name, x, self.heads)
        key = self.decoder.remembered(f"key_{layer}", fresh.key)
        value = self.decoder.remembered(f"value_{layer}", fresh.value)
        y = self.decoder.causal_attention(query, key, value)
        return self.linear(f"{name}.out", self.emitter.join_heads(y))

    def cross_attention(self, name: str, x: Value, cross: KeyValue[Value]) -> Value:
        query = self.emitter.split_heads(self.linear(f"{name}.query", x), self.heads)
        y = self.emitter.attention(query, cross.key, cross.value)
        return self.linear(f"{name}.out", self.emitter.join_heads(y))
