"""What a TFLite file of ours says about itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pywhispercpp.errors import ModelError
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.tflite.file import FACTS
from pywhispercpp.models.inspection.byte_reader import ByteReader
from pywhispercpp.models.inspection.flatbuffer import root

__all__ = ["MEL_FILTERS", "Metadata", "vocabulary_beside"]

MEL_FILTERS = "mel_filters"  # name of the metadata with the model's filters, float32 (n_mels, 201)
_BUFFERS, _METADATA = 4, 6  # numbers of the model's fields, in the order of the schema


def vocabulary_beside(path: Path) -> Path:
    """Where the words of a file that writes tokens are (see `device_folder`)."""
    return path.with_suffix(".vocabulary.json")


class Metadata:
    """The metadata of one file; `facts` says what it was made of (see `export_tflite`)."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ModelError for one that is missing, broken or not written by pywhispercpp."""
        self._path = path
        try:
            self._found = _read(path)
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
        self.facts: dict[str, str] = self._facts()

    def mel_filters(self) -> Array:
        """Return the filters (n_mels, 201) of the model; raises ModelError for a file without."""
        data = self._found.get(MEL_FILTERS, b"")
        if not data or len(data) % (4 * 201):
            raise ModelError(f"{self._path}: has no mel filters; export it once more")
        return np.frombuffer(data, "<f4").reshape(-1, 201)

    def _facts(self) -> dict[str, str]:
        try:
            return {str(name): str(value) for name, value in dict(json.loads(self._found[FACTS])).items()}
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            message = f"{self._path}: does not say what it was made of; export it once more"
            raise ModelError(message) from error


def _read(path: Path) -> dict[str, bytes]:
    with ByteReader(path, "TFLite file") as file:
        if file.take(4, 4, "the head of a TFLite file") != b"TFL3":
            raise ModelError(f"{path}: is no TFLite file")
        model = root(file, "the model")
        places = [buffer.place(0) for buffer in model.tables(_BUFFERS, "buffer")]
        found = {}
        for entry in model.tables(_METADATA, "metadata"):
            index = entry.number(1, "<I")
            if index >= len(places):
                raise file.error(f"{entry.part} has the buffer {index} of {len(places)}", entry.at)
            found[entry.text(0)] = file.take(*places[index], entry.part)
    return found
