"""Looks into a TFLite model; the package ai-edge-litert has the names of its types and operations."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pywhispercpp import extras
from pywhispercpp.models.inspection.byte_reader import ByteReader
from pywhispercpp.models.inspection.element_types import stored_bytes
from pywhispercpp.models.inspection.flatbuffer import Table, root
from pywhispercpp.models.inspection.report import Dimension, ModelReport, TensorReport

__all__ = ["read"]

_KIND = "TFLite model"
_CUSTOM = 32  # BuiltinOperator.CUSTOM
_LONGEST_SHAPE = 16
_FACTS = "pywhispercpp"  # the metadata that our own exports have, in JSON
_LONGEST_FACTS = 1 << 16
_TYPES = {f"FLOAT{bits}": f"f{bits}" for bits in (16, 32, 64)}
_TYPES.update({f"INT{bits}": f"i{bits}" for bits in (2, 4, 8, 16, 32, 64)})
_TYPES.update({f"UINT{bits}": f"u{bits}" for bits in (2, 4, 8, 16, 32, 64)})
_TYPES.update({"BFLOAT16": "bf16", "COMPLEX64": "c64", "COMPLEX128": "c128"})


# Numbers of fields, in the order of the format's schema.
class _Model:
    VERSION, OPERATOR_CODES, SUBGRAPHS, DESCRIPTION, BUFFERS, _, METADATA, SIGNATURES = range(8)


class _Code:
    OLD, CUSTOM, VERSION, BUILTIN = range(4)


class _Subgraph:
    TENSORS, INPUTS, OUTPUTS, OPERATORS, NAME = range(5)


class _Tensor:
    SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, VARIABLE, SPARSITY, SIGNATURE = range(8)


class _Buffer:
    DATA, OFFSET, SIZE = range(3)


class _Signature:
    INPUTS, OUTPUTS, KEY, _, SUBGRAPH = range(5)


def read(path: Path) -> ModelReport:
    """Report on the file; raises ModelError for what is damaged."""
    schema = extras.require("ai_edge_litert.schema_py_generated", "tflite", "looking into a TFLite model")
    with ByteReader(path, _KIND) as file:
        look = _Look(file, schema)
        look.all()
    header = {**look.header, "signatures": "; ".join(look.signatures)} if look.signatures else look.header
    ends = tuple(look.inputs), tuple(look.outputs)
    operations = dict(look.operations.most_common())
    return ModelReport(path, _KIND, file.size, header, tuple(look.tensors), *ends, operations)


class _Look:
    """One walk through the file."""

    def __init__(self, file: ByteReader, schema: Any) -> None:  # noqa: ANN401 - a module
        self.header: dict[str, str | int] = {}
        self.tensors: list[TensorReport] = []
        self.inputs: list[TensorReport] = []
        self.outputs: list[TensorReport] = []
        self.operations: Counter[str] = Counter()
        self.signatures: list[str] = []
        self._file = file
        self._types = _names(schema.TensorType)
        self._builtins = _names(schema.BuiltinOperator)
        self._codes: list[str] = []
        self._buffers: list[tuple[int, int]] = []
        self._graphs: list[list[TensorReport]] = []

    def all(self) -> None:
        """Read what is asked for in a report."""
        model = root(self._file, "the model")
        self.header = {"version": model.number(_Model.VERSION, "<I")}
        description = model.text(_Model.DESCRIPTION)
        if description:
            self.header["description"] = description
        self._codes = [self._code(one) for one in model.tables(_Model.OPERATOR_CODES, "operator code")]
        self._buffers = [self._buffer(one) for one in model.tables(_Model.BUFFERS, "buffer")]
        for index, graph in enumerate(model.tables(_Model.SUBGRAPHS, "subgraph")):
            self._graph(graph, first=index == 0)
        if not self._graphs:
            raise self._file.error("a model without a network in it", 0)
        self.header["subgraphs"] = len(self._graphs)
        metadata = {one.text(0): one.number(1, "<I") for one in model.tables(_Model.METADATA, "metadata")}
        if metadata:
            self.header["metadata"] = ", ".join(metadata)
        self.header.update(self._facts(metadata.get(_FACTS, len(self._buffers))))
        for signature in model.tables(_Model.SIGNATURES, "signature"):
            self.signatures.append(self._signature(signature))

    def _facts(self, index: int) -> dict[str, str]:
        """What an export of ours says it was made of; nothing where the buffer is something else."""
        offset, size = self._buffers[index] if index < len(self._buffers) else (0, 0)
        try:
            found = json.loads(self._file.take(offset, min(size, _LONGEST_FACTS), "metadata"))
        except (ValueError, RecursionError):
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def _code(self, code: Table) -> str:
        number = max(code.number(_Code.OLD, "<b"), code.number(_Code.BUILTIN, "<i"))
        if number == _CUSTOM:
            return code.text(_Code.CUSTOM) or "CUSTOM"
        return self._builtins.get(number, f"operator {number}")

    def _buffer(self, buffer: Table) -> tuple[int, int]:
        """Where a buffer's bytes are, and how many; those of a model over 2 GB are outside the flatbuffer."""
        offset, size = buffer.number(_Buffer.OFFSET, "<Q"), buffer.number(_Buffer.SIZE, "<Q")
        if offset > 1:
            if offset + size > self._file.size:
                raise self._file.error(f"{buffer.part} has {size} bytes at {offset}", buffer.at)
            return offset, size
        return buffer.place(_Buffer.DATA)

    def _graph(self, graph: Table, *, first: bool) -> None:
        found = [self._tensor(one) for one in graph.tables(_Subgraph.TENSORS, f"{graph.part}, tensor")]
        self._graphs.append(found)
        self.tensors += [tensor for tensor in found if tensor.offset is not None]
        for operator in graph.tables(_Subgraph.OPERATORS, f"{graph.part}, operator"):
            code = operator.number(0, "<I")
            if code >= len(self._codes):
                raise self._file.error(
                    f"{operator.part} has the code {code} of {len(self._codes)}", operator.at
                )
            self.operations[self._codes[code]] += 1
        ends = [self._ends(graph, which, found) for which in (_Subgraph.INPUTS, _Subgraph.OUTPUTS)]
        if first:
            self.inputs, self.outputs = ends

    def _ends(self, graph: Table, which: int, tensors: list[TensorReport]) -> list[TensorReport]:
        indices = graph.numbers(which)
        for index in indices:
            if not 0 <= index < len(tensors):
                raise self._file.error(f"{graph.part} ends in tensor {index} of {len(tensors)}", graph.at)
        return [tensors[index] for index in indices]

    def _tensor(self, tensor: Table) -> TensorReport:
        number, index = tensor.number(_Tensor.TYPE, "<b"), tensor.number(_Tensor.BUFFER, "<I")
        if number not in self._types or index >= max(len(self._buffers), 1):
            words = f"the type {number} and the buffer {index} of {len(self._buffers)}"
            raise self._file.error(f"{tensor.part} has {words}", tensor.at)
        kind = _TYPES.get(self._types[number], self._types[number].lower())
        fixed = tensor.numbers(_Tensor.SHAPE)
        if len(fixed) > _LONGEST_SHAPE or any(size < 0 for size in fixed):
            raise self._file.error(f"{tensor.part} has the shape {list(fixed[:_LONGEST_SHAPE])}", tensor.at)
        signature = tensor.numbers(_Tensor.SIGNATURE) or fixed
        shape: tuple[Dimension, ...] = tuple("?" if size < 0 else size for size in signature)
        offset, size = self._buffers[index] if self._buffers else (0, 0)
        name = tensor.text(_Tensor.NAME)
        if not size:
            return TensorReport(name, shape, kind)
        needed = stored_bytes(kind, fixed)
        if needed is not None and needed != size and not tensor.has(_Tensor.SPARSITY):
            words = f"{kind} of shape {list(fixed)} and has {size} bytes"
            raise self._file.error(f"{tensor.part}, {name}, is {words}", tensor.at)
        return TensorReport(name, shape, kind, size, offset)

    def _signature(self, signature: Table) -> str:
        """A signature as its call is written."""
        index = signature.number(_Signature.SUBGRAPH, "<I")
        if index >= len(self._graphs):
            words = f"leads to subgraph {index} of {len(self._graphs)}"
            raise self._file.error(f"{signature.part} {words}", signature.at)
        given, back = (
            ", ".join(one.text(0) for one in signature.tables(which, f"{signature.part}, tensor"))
            for which in (_Signature.INPUTS, _Signature.OUTPUTS)
        )
        return f"{signature.text(_Signature.KEY)}({given}) -> {back}"


def _names(enum: type) -> dict[int, str]:
    """The names of an enumeration in generated code, by number."""
    return {number: name for name, number in vars(enum).items() if isinstance(number, int)}
