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
    x = _gelu(_convolution(tensors, "encoder.conv1", mel[:, : 2 * n_ctx], 1))
    x = _gelu(_convolution(tensors, "encoder.conv2", x, 2)).T
    x = x + tensors["encoder.positional_embedding"][:n_ctx]
    for layer in range(header.n_audio_layer):
        name = f"encoder.blocks.{layer}"
        x = x + _attention(tensors, f"{name}.attn", _norm(tensors, f"{name}.attn_ln", x), header.n_audio_head)
        y = _gelu(_linear(tensors, f"{name}.mlp.0", _norm(tensors, f"{name}.mlp_ln", x)))
        x = x + _linear(tensors, f"{name}.mlp.2", y)
    return _norm(tensors, "encoder.ln_post", x)


def relative_error(found: Array, expected: Array) -> float:
    """L2 norm of the difference over that of what is expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def _gelu(x: Array) -> Array:
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


def _norm(tensors: Tensors, name: str, x: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    y: Array = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + np.float32(1e-5))
    return y * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def _linear(tensors: Tensors, name: str, x: Array) -> Array:
    y: Array = x @ tensors[f"{name}.weight"].T
    return y + tensors[f"{name}.bias"] if f"{name}.bias" in tensors else y


def _attention(tensors: Tensors, name: str, x: Array, heads: int) -> Array:
    n_ctx, n_state = x.shape
    query, key, value = (
        _linear(tensors, f"{name}.{part}", x).reshape(n_ctx, heads, -1).transpose(1, 0, 2)
        for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(n_state // heads))
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = scores / scores.sum(-1, keepdims=True) @ value
    return _linear(tensors, f"{name}.out", mixed.transpose(1, 0, 2).reshape(n_ctx, n_state))
