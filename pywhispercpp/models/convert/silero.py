"""Silero's own VAD weights (TorchScript) -> whisper.cpp's ggml file of them, byte for byte.

Source: what models/convert-silero-vad-to-ggml.py of whisper.cpp 1.8.5 wrote. A TorchScript file is a zip
archive; its `data/<number>` members are the plain float32 numbers of one tensor each. The 16 kHz network is
the first of the two in it. Checked by the hash of the official file.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from pywhispercpp.errors import ModelError
from pywhispercpp.models import verified_file
from pywhispercpp.models.convert.readers.stored_zip import StoredZip
from pywhispercpp.models.ggml_file import MAGIC
from pywhispercpp.vad_file import CONTEXT, LAYERS, WINDOW

__all__ = ["convert"]

_TYPE = b"silero-16k"
_LSTM = (128, 128)  # in, hidden
_OUT = (128, 1)  # channels of the last convolution

# In the file's order: name, number in the archive, ggml's dimensions (the fastest first), stored as float16.
_TENSORS: tuple[tuple[str, int, tuple[int, ...], bool], ...] = (
    ("encoder.0.reparam_conv.weight", 3, (3, 129, 128), True),
    ("encoder.0.reparam_conv.bias", 4, (128,), False),
    ("encoder.1.reparam_conv.weight", 5, (3, 128, 64), True),
    ("encoder.1.reparam_conv.bias", 6, (64,), False),
    ("encoder.2.reparam_conv.weight", 7, (3, 64, 64), True),
    ("encoder.2.reparam_conv.bias", 8, (64,), False),
    ("encoder.3.reparam_conv.weight", 9, (3, 64, 128), True),
    ("encoder.3.reparam_conv.bias", 10, (128,), False),
    ("decoder.rnn.weight_ih", 11, (128, 512), False),
    ("decoder.rnn.weight_hh", 12, (128, 512), False),
    ("decoder.rnn.bias_ih", 13, (512,), False),
    ("decoder.rnn.bias_hh", 14, (512,), False),
    ("decoder.decoder.2.weight", 15, (128,), True),
    ("decoder.decoder.2.bias", 16, (), False),
    ("stft.forward_basis_buffer", 2, (256, 1, 258), True),
)


def convert(jit: Path, target: Path, expected: str, version: str) -> Path:
    """Write the ggml file of Silero's `silero_vad.jit` to `target`, whose hash is then `expected`.

    version: Silero's, such as 6.2.0; it is in the file. Written beside `target` and renamed. Raises
    ModelError for a source that is no such file or a result that is not the expected one; `target` is then
    as it was.
    """
    content = _header(version) + b"".join(_tensors(jit))
    return verified_file.make(target, jit, lambda out: out.write(content), expected)


def _header(version: str) -> bytes:
    numbers = [*map(int, version.split(".")), WINDOW, CONTEXT, len(LAYERS)]
    numbers += [number for layer in LAYERS for number in layer]
    numbers += [*_LSTM, *_OUT]
    return MAGIC + struct.pack("<i", len(_TYPE)) + _TYPE + struct.pack(f"<{len(numbers)}i", *numbers)


def _tensors(jit: Path) -> list[bytes]:
    try:
        with StoredZip(jit) as archive:
            return [
                _tensor(f"_model.{name}".encode(), archive.read(f"data/{number}"), dims, half)
                for name, number, dims, half in _TENSORS
            ]
    except (ModelError, ValueError) as error:
        raise ModelError(f"{jit}: these are no Silero VAD weights: {error}") from error


def _tensor(name: bytes, raw: bytes, dims: tuple[int, ...], half: bool) -> bytes:
    numbers = np.frombuffer(raw, "<f4").reshape(dims)
    head = struct.pack("<3i", len(dims), len(name), int(half)) + struct.pack(f"<{len(dims)}i", *dims)
    return head + name + numbers.astype("<f2" if half else "<f4").tobytes()
