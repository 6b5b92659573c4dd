"""Whisper's networks, described once for every format.

Source: `whisper_build_graph_conv` and `whisper_build_graph_encoder` in src/whisper.cpp of whisper.cpp 1.8.5.
"""

from __future__ import annotations

from typing import Generic

from pywhispercpp.models.export.emitter import Emitter, Extent, Value
from pywhispercpp.models.ggml_tensors import GgmlTensors

__all__ = ["FRAMES_PER_STEP", "encoder"]

FRAMES_PER_STEP = 2  # mel frames for one step of the audio context: the second convolution takes every other


def encoder(tensors: GgmlTensors, emitter: Emitter[Value], audio_context: Extent) -> None:
    """Describe the encoder: log-mel (1, n_mels, 2 * audio context) to features (1, audio context, n_state).

    A weight is read just when it is handed to the emitter, so no more than one is in memory here.
    """
    _Encoder(tensors, emitter).describe(audio_context)


class _Encoder(Generic[Value]):
    """One description: the layers by their names in the file."""

    def __init__(self, tensors: GgmlTensors, emitter: Emitter[Value]) -> None:
        self.tensors = tensors
        self.emitter = emitter
        self.header = tensors.header

    def describe(self, audio_context: Extent) -> None:
        x = self.emitter.input("mel", (1, self.header.n_mels, _frames(audio_context)))
        x = self.conv("encoder.conv1", x, 1)
        x = self.conv("encoder.conv2", x, FRAMES_PER_STEP)
        x = self.emitter.transpose(x, (0, 2, 1))  # to (1, steps, channels)
        name = "encoder.positional_embedding"
        x = self.emitter.positions(name, x, self.tensors[name])
        for layer in range(self.header.n_audio_layer):
            x = self.block(f"encoder.blocks.{layer}", x)
        self.emitter.output("output_features", self.norm("encoder.ln_post", x))

    def block(self, name: str, x: Value) -> Value:
        x = self.emitter.add(x, self.self_attention(f"{name}.attn", self.norm(f"{name}.attn_ln", x)))
        return self.emitter.add(x, self.mlp(f"{name}.mlp", self.norm(f"{name}.mlp_ln", x)))

    def self_attention(self, name: str, x: Value) -> Value:
        query = self.linear(f"{name}.query", x)
        key = self.linear(f"{name}.key", x, bias=False)  # Whisper's keys have none
        value = self.linear(f"{name}.value", x)
        heads = self.header.n_audio_head
        return self.linear(f"{name}.out", self.emitter.attention(query, key, value, heads))

    def mlp(self, name: str, x: Value) -> Value:
        return self.linear(f"{name}.2", self.emitter.gelu(self.linear(f"{name}.0", x)))

    def conv(self, name: str, x: Value, stride: int) -> Value:
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"].reshape(-1)
        return self.emitter.gelu(self.emitter.conv1d(name, x, weight, bias, stride))

    def linear(self, name: str, x: Value, bias: bool = True) -> Value:
        shift = self.tensors[f"{name}.bias"] if bias else None
        return self.emitter.linear(name, x, self.tensors[f"{name}.weight"], shift)

    def norm(self, name: str, x: Value) -> Value:
        return self.emitter.layer_norm(name, x, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])


def _frames(audio_context: Extent) -> Extent:
    if isinstance(audio_context, int):
        return FRAMES_PER_STEP * audio_context
    return range(FRAMES_PER_STEP * audio_context[0], FRAMES_PER_STEP * audio_context[-1] + 1)
