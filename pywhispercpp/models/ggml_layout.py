"""What a ggml Whisper file must hold, derived from the numbers in its header.

Source: `whisper_model_load` in src/whisper.cpp and `ASR_TENSOR_NAMES` in src/whisper-arch.h of whisper.cpp
1.8.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["DTYPES", "FILE_TYPES", "GgmlHeader", "TensorPlace", "TensorType", "expected_tensors"]


@dataclass(frozen=True)
class TensorType:
    """One ggml element type: its number in the file, and `block_bytes` for every `block` elements."""

    code: int
    name: str
    block: int
    block_bytes: int

    def bytes_for(self, shape: tuple[int, ...]) -> int:
        """Size in bytes of a tensor of this shape; its first dimension is a multiple of `block`."""
        count = 1
        for size in shape:
            count *= size
        return count // self.block * self.block_bytes


F32 = TensorType(0, "f32", 1, 4)
F16 = TensorType(1, "f16", 1, 2)

# By `ftype`, the header's word for how the big matrices are stored: the types whisper.cpp's converters and
# its quantize tool write. ggml knows more (i-quants, MXFP4), but no Whisper file has them.
FILE_TYPES: dict[int, TensorType] = {
    0: F32,
    1: F16,
    2: TensorType(2, "q4_0", 32, 18),
    3: TensorType(3, "q4_1", 32, 20),
    7: TensorType(8, "q8_0", 32, 34),
    8: TensorType(6, "q5_0", 32, 22),
    9: TensorType(7, "q5_1", 32, 24),
    10: TensorType(10, "q2_K", 256, 84),
    11: TensorType(11, "q3_K", 256, 110),
    12: TensorType(12, "q4_K", 256, 144),
    13: TensorType(13, "q5_K", 256, 176),
    14: TensorType(14, "q6_K", 256, 210),
}

#: Their names, that of the published models first.
DTYPES = tuple(sorted((kind.name for kind in FILE_TYPES.values()), key=lambda name: (name != "f16", name)))


@dataclass(frozen=True)
class GgmlHeader:
    """The numbers at the head of a ggml Whisper file; the field names are whisper.cpp's."""

    n_vocab: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int
    n_mels: int
    ftype: int  # without the quantization version
    quantization_version: int

    @property
    def multilingual(self) -> bool:
        """False for the English-only models."""
        return self.n_vocab >= 51865

    @property
    def size(self) -> str:
        """tiny, base, small, medium or large, by the encoder's layers, as whisper.cpp has it."""
        return {4: "tiny", 6: "base", 12: "small", 24: "medium", 32: "large"}.get(
            self.n_audio_layer, "unknown"
        )

    @property
    def weight_type(self) -> TensorType:
        """How the big matrices are stored."""
        return FILE_TYPES[self.ftype]


@dataclass(frozen=True)
class TensorPlace:
    """Where one tensor lies in a file: its weights begin at byte `offset`."""

    shape: tuple[int, ...]  # ggml order: fastest dimension first
    kind: TensorType
    offset: int

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self.kind.bytes_for(self.shape)


Expected = tuple[str, tuple[int, ...], TensorType]


def expected_tensors(header: GgmlHeader) -> Iterator[Expected]:
    """Name, shape (ggml order: fastest dimension first) and type of every tensor the file must hold."""
    audio, text = header.n_audio_state, header.n_text_state
    # whisper.cpp keeps convolutions in f16 whatever the matrices are in, unless everything is f32.
    conv = F32 if header.weight_type == F32 else F16
    yield "encoder.positional_embedding", (audio, header.n_audio_ctx), F32
    yield "encoder.conv1.weight", (3, header.n_mels, audio), conv
    yield "encoder.conv1.bias", (1, audio), F32
    yield "encoder.conv2.weight", (3, audio, audio), conv
    yield "encoder.conv2.bias", (1, audio), F32
    yield from _norm("encoder.ln_post", audio)
    for layer in range(header.n_audio_layer):
        yield from _block(f"encoder.blocks.{layer}", audio, header.weight_type)
    yield "decoder.positional_embedding", (text, header.n_text_ctx), F32
    yield "decoder.token_embedding.weight", (text, header.n_vocab), header.weight_type
    yield from _norm("decoder.ln", text)
    for layer in range(header.n_text_layer):
        yield from _block(f"decoder.blocks.{layer}", text, header.weight_type)
        yield from _attention(f"decoder.blocks.{layer}.cross_attn", text, header.weight_type)


def _block(name: str, state: int, weight: TensorType) -> Iterator[Expected]:
    yield from _norm(f"{name}.mlp_ln", state)
    yield f"{name}.mlp.0.weight", (state, 4 * state), weight
    yield f"{name}.mlp.0.bias", (4 * state,), F32
    yield f"{name}.mlp.2.weight", (4 * state, state), weight
    yield f"{name}.mlp.2.bias", (state,), F32
    yield from _attention(f"{name}.attn", state, weight)


def _attention(name: str, state: int, weight: TensorType) -> Iterator[Expected]:
    yield from _norm(f"{name}_ln", state)
    for part in ("query", "key", "value", "out"):
        yield f"{name}.{part}.weight", (state, state), weight
        if part != "key":  # Whisper's keys have no bias
            yield f"{name}.{part}.bias", (state,), F32


def _norm(name: str, state: int) -> Iterator[Expected]:
    yield f"{name}.weight", (state,), F32
    yield f"{name}.bias", (state,), F32
