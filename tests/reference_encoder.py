"""Whisper's encoder in plain numpy, written from the paper: what every other encoder is compared with.

It shares nothing with the package but the names and shapes of the tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.models.ggml_layout import GgmlHeader

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]

# The error function between these points is a straight line to within 4e-9; beyond them it is -1 or 1.
_POINTS = np.linspace(-6, 6, (1 << 16) + 1)
_ERF = np.array([math.erf(point) for point in _POINTS])


def encode(header: GgmlHeader, tensors: Tensors, mel: Array, n_ctx: int) -> Array:
    """Features of shape (n_ctx, n_state) of the first 2 * n_ctx frames of a log-mel (n_mels, frames)."""
    x = gelu(_convolution(tensors, "encoder.conv1", mel[:, : 2 * n_ctx], 1))
    x = gelu(_convolution(tensors, "encoder.conv2", x, 2)).T
    x = x + tensors["encoder.positional_embedding"][:n_ctx]
    for layer in range(header.n_audio_layer):
        name = f"encoder.blocks.{layer}"
        y = norm(tensors, f"{name}.attn_ln", x)
        x = x + attention(tensors, f"{name}.attn", y, y, header.n_audio_head)
        y = gelu(linear(tensors, f"{name}.mlp.0", norm(tensors, f"{name}.mlp_ln", x)))
        x = x + linear(tensors, f"{name}.mlp.2", y)
    return norm(tensors, "encoder.ln_post", x)


def relative_error(found: Array, expected: Array) -> float:
    """L2 norm of the difference over that of what is expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def gelu(x: Array) -> Array:
    """By the error function."""
    erf = np.interp(x / math.sqrt(2), _POINTS, _ERF)
    y: Array = (0.5 * x * (1 + erf)).astype(np.float32)
    return y


def _convolution(tensors: Tensors, name: str, x: Array, stride: int) -> Array:
    """Three taps over (channels, steps), one zero at either end."""
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"].reshape(-1, 1)
    padded = np.pad(x, ((0, 0), (1, 1)))
    steps = (x.shape[1] - 1) // stride + 1
    y: Array = bias.copy()
    for tap in range(3):
        y = y + weight[:, :, tap] @ padded[:, tap : tap + stride * (steps - 1) + 1 : stride]
    return y


def norm(tensors: Tensors, name: str, x: Array) -> Array:
    """Layer norm over the channels."""
    centred = x - x.mean(-1, keepdims=True)
    y: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + np.float32(1e-5))
    return y * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def linear(tensors: Tensors, name: str, x: Array) -> Array:
    """Rows times a matrix, and the bias where there is one."""
    y: Array = x @ tensors[f"{name}.weight"].T
    return y + tensors[f"{name}.bias"] if f"{name}.bias" in tensors else y


def attention(tensors: Tensors, name: str, x: Array, seen: Array, heads: int, causal: bool = False) -> Array:
    """Each row of x looks at the rows of `seen`; a causal one at none after its own."""
    query, key, value = (
        linear(tensors, f"{name}.{part}", rows).reshape(len(rows), heads, -1).transpose(1, 0, 2)
        for part, rows in (("query", x), ("key", seen), ("value", seen))
    )
    scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(query.shape[-1]))
    if causal:
        scores = np.where(np.tri(len(x), dtype=bool), scores, np.float32(-np.inf))
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = scores / scores.sum(-1, keepdims=True) @ value
    return linear(tensors, f"{name}.out", mixed.transpose(1, 0, 2).reshape(x.shape))
