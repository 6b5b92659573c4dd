"""The weights of a ggml Whisper file as float32, whatever they are stored in; its filters and words."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pywhispercpp import _core
from pywhispercpp.closing import Closing
from pywhispercpp.errors import ModelError
from pywhispercpp.models import ggml_file

__all__ = ["GgmlTensors"]


class GgmlTensors(Closing, Mapping[str, NDArray[np.float32]]):
    """The tensors of one file by name; each is read when it is asked for, and never kept.

    Shapes have the slowest dimension first, as in numpy: a matrix is (outputs, inputs), a convolution
    (channels out, channels in, taps). Raises ModelError for what is no model (see `ggml_file.contents`) and
    for a file that can no longer be read.
    """

    def __init__(self, path: Path) -> None:
        """Check the whole structure of the file and keep it open."""
        self.path = path
        found = ggml_file.contents(path)
        self.header = found.header
        self.places = found.tensors
        self._contents = found
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Read one tensor; ggml's own code turns its blocks into numbers."""
        place = self.places[name]
        shape = place.shape[::-1]
        data = self._read(f"tensor {name}", place.offset, place.size)
        values = _core.dequantize(place.kind.code, data, int(np.prod(shape)))
        return values.reshape(shape)

    def mel_filters(self) -> NDArray[np.float32]:
        """Read the mel filters: (n_mels, 201), from the power of a frequency to that of a band."""
        data = self._read("the mel filters", self._contents.mel_filters_at, 8 + 4 * self.header.n_mels * 201)
        return np.frombuffer(data, "<f4", offset=8).reshape(self.header.n_mels, -1).astype(np.float32)

    def words(self) -> list[bytes]:
        """Read the vocabulary: the bytes of each token, in their order; names of special tokens may miss."""
        first = min(place.offset for place in self.places.values())
        at = self._contents.vocabulary_at
        data = self._read("the vocabulary", at, first - at)
        (count,), place, found = struct.unpack_from("<i", data), 4, []
        for _ in range(count):
            (length,) = struct.unpack_from("<i", data, place)
            found.append(data[place + 4 : place + 4 + length])
            place += 4 + length
        return found

    def __iter__(self) -> Iterator[str]:
        """Names, in the order of the file."""
        return iter(self.places)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self.places)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, part: str, offset: int, size: int) -> bytes:
        try:
            self._file.seek(offset)
            data = self._file.read(size)
        except OSError as error:
            raise self._unreadable(error) from error
        if len(data) != size:
            raise ModelError(f"{self.path}: ends inside {part}; the file shrank while being read")
        return data

    def _unreadable(self, error: OSError) -> ModelError:
        return ModelError(f"{self.path}: cannot be read: {error.strerror or error}")
