"""What a TFLite file of ours says about itself."""

from __future__ import annotations

import json
import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np

from pywhispercpp.errors import ModelError
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.tflite_file import FACTS, require_schema

__all__ = ["MEL_FILTERS", "Metadata", "vocabulary_beside"]

MEL_FILTERS = "mel_filters"  # name of the metadata with the model's filters, float32 (n_mels, 201)

# What the schema's code raises for bytes that are no flatbuffer.
_BROKEN = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError)


def vocabulary_beside(path: Path) -> Path:
    """Where the words of a file that writes tokens are (see `device_folder`)."""
    return path.with_suffix(".vocabulary.json")


class Metadata:
    """The metadata of one file; `facts` says what it was made of (see `export_tflite`)."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ModelError for one that is missing, broken or not written by pywhispercpp."""
        self._path = path
        self._found = self._read()
        try:
            self.facts: dict[str, str] = json.loads(self._found[FACTS])
        except (KeyError, ValueError) as error:
            raise ModelError(f"{path}: does not say what it was made of; export it once more") from error

    def mel_filters(self) -> Array:
        """Return the filters (n_mels, 201) of the model; raises ModelError for a file without."""
        data = self._found.get(MEL_FILTERS, b"")
        if not data or len(data) % (4 * 201):
            raise ModelError(f"{self._path}: has no mel filters")
        return np.frombuffer(data, "<f4").reshape(-1, 201)

    def _read(self) -> dict[str, bytes]:
        schema = require_schema()
        try:
            with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if data[4:8] != b"TFL3":
                    raise ModelError(f"{self._path}: is no TFLite file")
                return _metadata(schema.Model.GetRootAs(data))
        except OSError as error:
            raise ModelError(f"{self._path}: cannot be read: {error.strerror or error}") from error
        except _BROKEN as error:
            raise ModelError(f"{self._path}: is no TFLite file, or a broken one: {error}") from error


def _metadata(model: Any) -> dict[str, bytes]:  # noqa: ANN401 - the schema has no types
    found = {}
    for i in range(model.MetadataLength()):
        entry = model.Metadata(i)
        # tobytes: nothing may point into the file when it is closed
        found[entry.Name().decode()] = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
    return found
