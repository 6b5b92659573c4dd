"""A TFLite flatbuffer: constants go into it as they come, the graphs at the end.

Its layout is the schema that the interpreter's own package brings (`ai_edge_litert.schema_py_generated`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.extras import require

__all__ = ["FACTS", "MOST_BYTES", "TfliteFile", "require_schema"]

FACTS = "pywhispercpp"  # name of the metadata that say, in JSON, what the file was made of
MOST_BYTES = (1 << 31) - 1  # offsets in a flatbuffer are 32 bits, with a sign
_ALIGNMENT = 16  # of constants, as the schema asks
_ROOM = 4 << 20  # for everything that is not a constant
_IDENTIFIER = b"TFL3"
_VERSION = 3

Schema = Any  # the generated schema has no types


def require_schema() -> Schema:
    """Return the schema of the format; MissingPackageError says how to install it."""
    require("flatbuffers", "tflite", "an export to TFLite")
    return require("ai_edge_litert.schema_py_generated", "tflite", "an export to TFLite")


@dataclass(frozen=True)
class _Written:
    """A buffer that is in the file already."""

    place: int

    def Pack(self, builder: Any) -> int:  # noqa: ANN401 - the schema calls it so
        return self.place


class TfliteFile:
    """One file in the making: its constants, kinds of operations, graphs, signature and facts."""

    def __init__(self, constant_bytes: int = 0) -> None:
        """Begin an empty file; with the size of what will be in it, memory is asked for only once."""
        self.schema = require_schema()
        flatbuffers = require("flatbuffers", "tflite", "an export to TFLite")
        self._builder = flatbuffers.Builder(min(constant_bytes + _ROOM, MOST_BYTES))
        self._model = self.schema.ModelT()
        self._model.version = _VERSION
        self._model.description = "Whisper, by pywhispercpp"
        self._model.subgraphs, self._model.operatorCodes = [], []
        self._model.metadata, self._model.signatureDefs = [], []
        self._model.buffers = [_Written(self.schema.BufferT().Pack(self._builder))]  # 0: of what has no data
        self._codes: dict[tuple[int, int], int] = {}
        self._named: dict[str, int] = {}
        self.weight_bytes = 0

    def add_graph(self, name: str) -> tuple[int, Any]:
        """Begin a graph: its number, and the schema's object. The first is the one that is called."""
        graph = self.schema.SubGraphT()
        graph.name, graph.tensors, graph.operators, graph.inputs, graph.outputs = name, [], [], [], []
        self._model.subgraphs.append(graph)
        return len(self._model.subgraphs) - 1, graph

    def operation(self, builtin: int, version: int) -> int:
        """Return the number of this kind of operation in this file."""
        if (builtin, version) not in self._codes:
            code = self.schema.OperatorCodeT()
            code.builtinCode, code.version = builtin, version
            code.deprecatedBuiltinCode = min(builtin, 127)  # all that readers before 2020 know
            self._codes[builtin, version] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(code)
        return self._codes[builtin, version]

    def buffer(self, name: str, values: NDArray[np.generic]) -> int:
        """Return the number of a constant's buffer; one name is stored once, whichever graphs use it."""
        if name not in self._named:
            self._named[name] = self._write(np.ascontiguousarray(values).reshape(-1).view(np.uint8))
            self.weight_bytes += values.nbytes
        return self._named[name]

    def _write(self, data: NDArray[np.uint8]) -> int:
        """Put bytes into the file, aligned, which the schema's own code does not."""
        builder = self._builder
        builder.StartVector(1, len(data), _ALIGNMENT)
        head = builder.Head() - len(data)
        builder.head = head
        memoryview(builder.Bytes)[head : head + len(data)] = data.data
        vector = builder.EndVector()
        self.schema.BufferStart(builder)
        self.schema.BufferAddData(builder, vector)
        self._model.buffers.append(_Written(self.schema.BufferEnd(builder)))
        return len(self._model.buffers) - 1

    def sign(self, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> None:
        """Name the inputs and outputs of the first graph for `get_signature_runner()`."""
        signature = self.schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = "serving_default", 0
        signature.inputs, signature.outputs = self._names(inputs), self._names(outputs)
        self._model.signatureDefs.append(signature)

    def _names(self, tensors: Mapping[str, int]) -> list[Any]:
        found = []
        for name, index in tensors.items():
            entry = self.schema.TensorMapT()
            entry.name, entry.tensorIndex = name, index
            found.append(entry)
        return found

    def describe(self, name: str, data: bytes) -> None:
        """Put metadata into the file."""
        entry = self.schema.MetadataT()
        entry.name, entry.buffer = name, self._write(np.frombuffer(data, np.uint8))
        self._model.metadata.append(entry)

    def facts(self, facts: Mapping[str, str]) -> None:
        """Say in the file what it was made of."""
        self.describe(FACTS, json.dumps(dict(facts)).encode())

    def write(self, out: BinaryIO) -> None:
        """Finish the file."""
        self._builder.Finish(self._model.Pack(self._builder), _IDENTIFIER)
        out.write(memoryview(self._builder.Bytes)[self._builder.Head() :])
