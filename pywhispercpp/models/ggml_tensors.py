"""The weights of a ggml Whisper file as float32 arrays, whatever they are stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from pywhispercpp import _core
from pywhispercpp.errors import ModelError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.ggml_layout import TensorPlace

__all__ = ["GgmlTensors"]


class GgmlTensors(Mapping[str, NDArray[np.float32]]):
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
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Read one tensor; ggml's own code turns its blocks into numbers."""
        place = self.places[name]
        shape = place.shape[::-1]
        values = _core.dequantize(place.kind.code, self._bytes(name, place), int(np.prod(shape)))
        return values.reshape(shape)

    def __iter__(self) -> Iterator[str]:
        """Names, in the order of the file."""
        return iter(self.places)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self.places)

    def __enter__(self) -> GgmlTensors:
        """Close the file at the end of a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def _bytes(self, name: str, place: TensorPlace) -> bytes:
        try:
            self._file.seek(place.offset)
            data = self._file.read(place.size)
        except OSError as error:
            raise self._unreadable(error) from error
        if len(data) != place.size:
            raise ModelError(f"{self.path}: ends inside tensor {name}; the file shrank while being read")
        return data

    def _unreadable(self, error: OSError) -> ModelError:
        return ModelError(f"{self.path}: cannot be read: {error.strerror or error}")
