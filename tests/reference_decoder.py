"""Whisper's decoder in plain numpy, written from the paper: what every other decoder is compared with."""

from __future__ import annotations

import numpy as np

from pywhispercpp.models.ggml_layout import GgmlHeader
from tests.reference_encoder import Array, Tensors, attention, gelu, linear, norm

__all__ = ["decode", "greedy"]


def decode(header: GgmlHeader, tensors: Tensors, features: Array, tokens: list[int]) -> Array:
    """Logits of shape (tokens, n_vocab) after features (audio context, n_state)."""
    table = tensors["decoder.token_embedding.weight"]
    x: Array = table[tokens] + tensors["decoder.positional_embedding"][: len(tokens)]
    for layer in range(header.n_text_layer):
        name = f"decoder.blocks.{layer}"
        y = norm(tensors, f"{name}.attn_ln", x)
        x = x + attention(tensors, f"{name}.attn", y, y, header.n_text_head, causal=True)
        y = norm(tensors, f"{name}.cross_attn_ln", x)
        x = x + attention(tensors, f"{name}.cross_attn", y, features, header.n_text_head)
        y = gelu(linear(tensors, f"{name}.mlp.0", norm(tensors, f"{name}.mlp_ln", x)))
        x = x + linear(tensors, f"{name}.mlp.2", y)
    logits: Array = norm(tensors, "decoder.ln", x) @ table.T
    return logits


def greedy(
    header: GgmlHeader, tensors: Tensors, features: Array, prompt: list[int], never: list[int], most: int
) -> list[int]:
    """The likeliest token after the likeliest token, up to the end of the text (n_vocab's own) or `most`."""
    end = 50256 + header.multilingual
    tokens = list(prompt)
    while len(tokens) < most:
        last = decode(header, tensors, features, tokens)[-1]
        last[never] = -np.inf
        tokens.append(int(last.argmax()))
        if tokens[-1] == end:
            break
    return tokens[len(prompt) :]
