"""Looks into an ONNX model, with the package onnx; numbers that it keeps in other files are not loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pywhispercpp import extras
from pywhispercpp.errors import ModelError
from pywhispercpp.models.inspection.element_types import stored_bytes
from pywhispercpp.models.inspection.protobuf import first_fault
from pywhispercpp.models.inspection.report import Dimension, ModelReport, TensorReport

__all__ = ["read"]

Proto = Any  # a message: the generated classes have no types
Module = Any
_KIND = "ONNX model"
# onnx's names of types, where they are not ours in capitals.
_TYPES = {"FLOAT": "f32", "FLOAT16": "f16", "BFLOAT16": "bf16", "DOUBLE": "f64", "BOOL": "bool"}
_TYPES |= {f"INT{bits}": f"i{bits}" for bits in (2, 4, 8, 16, 32, 64)}
_TYPES |= {f"UINT{bits}": f"u{bits}" for bits in (2, 4, 8, 16, 32, 64)}
_TYPES |= {"COMPLEX64": "c64", "COMPLEX128": "c128", "FLOAT4E2M1": "f4e2m1", "FLOAT8E8M0": "f8e8m0"}
_TYPES |= {
    f"FLOAT8{kind}{end}": f"f8{kind.lower()}" for kind in ("E4M3", "E5M2") for end in ("FN", "FNUZ", "")
}


def read(path: Path) -> ModelReport:
    """Report on the file; raises ModelError for what is no ONNX model or does not add up."""
    onnx = extras.require("onnx", "onnx", "looking into an ONNX model")
    data = path.read_bytes()
    look = _Look(path, len(data), onnx)
    model = look.parse(data)
    graph = model.graph
    held = {one.name for one in graph.initializer}
    graphs = list(_with_inner(graph))
    nodes = [node for one in graphs for node in one.node]
    return ModelReport(
        path,
        _KIND,
        len(data),
        look.header(model),
        tuple(tensor for one in graphs for tensor in look.tensors(one)),
        tuple(look.value(one) for one in graph.input if one.name not in held),
        tuple(look.value(one) for one in graph.output),
        dict(Counter(_text(node.op_type) for node in nodes).most_common()),
    )


class _Look:
    """The parts of a report on one file."""

    def __init__(self, path: Path, size: int, onnx: Module) -> None:
        self._path = path
        self._size = size
        self._onnx = onnx

    def _error(self, what: str, at: int | None = None) -> ModelError:
        where = "" if at is None else f" (byte {at} of {self._size})"
        return ModelError(f"{self._path}: {what}{where}. The file is damaged or incomplete, or no {_KIND}")

    def parse(self, data: bytes) -> Proto:
        """The message that the bytes are."""
        from google.protobuf.message import DecodeError

        try:
            model = self._onnx.load_model_from_string(data)
        except (DecodeError, ValueError) as error:
            fault = first_fault(data, self._onnx.ModelProto.DESCRIPTOR)
            what, at = fault or (f"no whole message: {error}", None)
            raise self._error(what, at) from None
        if not model.graph.node:
            raise self._error("a message without a network in it", 0)
        return model

    def header(self, model: Proto) -> dict[str, str | int]:
        """What the model says about itself."""
        opsets = ", ".join(f"{_text(one.domain) or 'ai.onnx'} {one.version}" for one in model.opset_import)
        outside = {
            _text(entry.value)
            for tensor in model.graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        said = {
            "ir_version": model.ir_version,
            "opset": opsets,
            "producer": f"{_text(model.producer_name)} {_text(model.producer_version)}".strip(),
            "graph": _text(model.graph.name),
            "external data": ", ".join(sorted(outside)),
            **{_text(one.key): _text(one.value) for one in model.metadata_props},
        }
        return {name: value for name, value in said.items() if value != ""}

    def tensors(self, graph: Proto) -> list[TensorReport]:
        """The initializers, and what Constant nodes hold."""
        found = [self._tensor(_text(one.name), one) for one in graph.initializer]
        for node in graph.node:
            if node.op_type == "Constant" and node.output:
                found += [
                    self._tensor(_text(node.output[0]), one.t)
                    for one in node.attribute
                    if one.name == "value"
                ]
        return found

    def value(self, info: Proto) -> TensorReport:
        """An input or output."""
        about = info.type.tensor_type
        shape: list[Dimension] = [
            one.dim_value if one.HasField("dim_value") else _text(one.dim_param) or "?"
            for one in about.shape.dim
        ]
        return TensorReport(_text(info.name), tuple(shape), self._type(about.elem_type))

    def _type(self, number: int) -> str:
        kinds = self._onnx.TensorProto.DataType
        if number not in kinds.values():
            return f"type {number}"
        name = str(kinds.Name(number))
        return _TYPES.get(name, name.lower())

    def _tensor(self, name: str, tensor: Proto) -> TensorReport:
        kind, shape = self._type(tensor.data_type), tuple(tensor.dims)
        if any(size < 0 for size in shape):
            raise self._error(f"tensor {name!r} has shape {list(shape)}")
        needed = stored_bytes(kind, shape)
        if tensor.external_data:
            return TensorReport(name, shape, kind, needed or 0)
        if tensor.HasField("raw_data"):
            held = len(tensor.raw_data)
            if needed is not None and needed != held:
                raise self._error(f"tensor {name!r} is {kind} of shape {list(shape)} and has {held} bytes")
            return TensorReport(name, shape, kind, held)
        return TensorReport(name, shape, kind, self._listed(name, tensor, needed))

    def _listed(self, name: str, tensor: Proto, needed: int | None) -> int:
        """Bytes of numbers that are in a list of their own, not in raw_data."""
        lists = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")
        count = max(len(getattr(tensor, field)) for field in lists)
        if needed and not count and not tensor.string_data:
            raise self._error(f"tensor {name!r} of shape {list(tensor.dims)} has no numbers")
        return needed or 0


def _with_inner(graph: Proto) -> Iterator[Proto]:
    """The graph, and those that its If and Loop nodes hold; protobuf limits how deep that goes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            inner = [attribute.g] if attribute.HasField("g") else attribute.graphs
            for one in inner:
                yield from _with_inner(one)


def _text(value: str | bytes) -> str:
    """A string of a message; protobuf gives bytes where they are no UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
