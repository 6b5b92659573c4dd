"""One graph of a TFLite file: tensors, constants and operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.models.export.tflite.file import TfliteFile

__all__ = ["Tensor", "TfliteGraph"]

Constant = NDArray[np.generic]

_TYPES = {"f4": "FLOAT32", "f2": "FLOAT16", "i4": "INT32", "i1": "INT8", "b1": "BOOL"}


@dataclass(frozen=True)
class Tensor:
    """A tensor of one graph, by its number; all shapes are static."""

    index: int
    shape: tuple[int, ...]
    kind: str  # numpy's name of the type


class TfliteGraph:
    """A graph in the making; operations are run in the order they are added."""

    def __init__(self, file: TfliteFile, name: str) -> None:
        """Begin an empty graph."""
        self.file = file
        self.number, self._graph = file.add_graph(name)
        self._constants: dict[str, Tensor] = {}
        self.inputs: dict[str, int] = {}
        self.outputs: dict[str, int] = {}

    def input(self, name: str, shape: Sequence[int], kind: str = "f4") -> Tensor:
        """Add an input."""
        x = self._tensor(name, shape, kind)
        self._graph.inputs.append(x.index)
        self.inputs[name] = x.index
        return x

    def output(self, name: str, x: Tensor) -> None:
        """Add an output."""
        self._graph.tensors[x.index].name = name
        self._graph.outputs.append(x.index)
        self.outputs[name] = x.index

    def constant(self, name: str, values: Constant, scales: Constant | None = None) -> Tensor:
        """Return a constant; one name is one constant. scales: of int8, one for each row."""
        if name not in self._constants:
            kind = values.dtype.str[1:]
            x = self._tensor(name, values.shape, kind, self.file.buffer(name, values))
            if scales is not None:
                self._graph.tensors[x.index].quantization = self._quantization(scales)
            self._constants[name] = x
        return self._constants[name]

    def numbers(self, values: object, kind: str = "i4") -> Tensor:
        """Return a small constant, the same for the same values."""
        array = np.array(values, kind)
        return self.constant(f"{kind}{array.shape}{array.tolist()}", array)

    def add(
        self,
        code: str,
        inputs: Sequence[Tensor | None],
        shape: Sequence[int],
        kind: str = "f4",
        *,
        version: int = 1,
        name: str = "",
        options: str = "",
        fields: Mapping[str, object] | None = None,
    ) -> Tensor:
        """Add an operation with one result; `options` is the schema's table for `fields`."""
        x = self._tensor(name or f"{code.lower()}_{len(self._graph.tensors)}", shape, kind)
        self._operation(code, inputs, [x.index], version, options, fields or {})
        return x

    def loop(self, condition: TfliteGraph, body: TfliteGraph, state: Sequence[Tensor]) -> list[Tensor]:
        """Run `body` on the state as long as `condition` says so of it; return what the state is then."""
        results = [self._tensor(f"last_{i}", x.shape, x.kind) for i, x in enumerate(state)]
        fields = {"condSubgraphIndex": condition.number, "bodySubgraphIndex": body.number}
        self._operation("WHILE", state, [x.index for x in results], 1, "While", fields)
        return results

    def _tensor(self, name: str, shape: Sequence[int], kind: str, buffer: int = 0) -> Tensor:
        schema = self.file.schema
        entry = schema.TensorT()
        entry.shape, entry.name, entry.buffer = [int(n) for n in shape], name, buffer
        entry.type = getattr(schema.TensorType, _TYPES[kind])
        self._graph.tensors.append(entry)
        return Tensor(len(self._graph.tensors) - 1, tuple(entry.shape), kind)

    def _quantization(self, scales: Constant) -> object:
        found = self.file.schema.QuantizationParametersT()
        found.scale = np.ascontiguousarray(scales.reshape(-1), np.float32)
        found.zeroPoint = np.zeros(scales.size, np.int64)
        found.quantizedDimension = 0
        return found

    def _operation(
        self,
        code: str,
        inputs: Sequence[Tensor | None],
        outputs: list[int],
        version: int,
        options: str,
        fields: Mapping[str, object],
    ) -> None:
        schema = self.file.schema
        entry = schema.OperatorT()
        entry.opcodeIndex = self.file.operation(getattr(schema.BuiltinOperator, code), version)
        entry.inputs = [-1 if x is None else x.index for x in inputs]
        entry.outputs = outputs
        if options:
            entry.builtinOptionsType = getattr(schema.BuiltinOptions, f"{options}Options")
            entry.builtinOptions = getattr(schema, f"{options}OptionsT")(**fields)
        self._graph.operators.append(entry)
