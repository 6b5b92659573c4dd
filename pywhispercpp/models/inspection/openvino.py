"""Looks into an OpenVINO IR: an XML file and, beside it, the .bin with its numbers; without OpenVINO."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.parsers import expat

from pywhispercpp.errors import ModelError
from pywhispercpp.models.inspection.byte_reader import ByteReader
from pywhispercpp.models.inspection.element_types import stored_bytes
from pywhispercpp.models.inspection.report import Dimension, ModelReport, TensorReport

__all__ = ["read"]

_BLOCK = 1 << 16
_DEEPEST = 100  # elements in elements; an IR has about ten
_LONGEST_NUMBER = 20  # digits of 64 bits
_KIND = "OpenVINO IR"


def read(path: Path) -> ModelReport:
    """Report on the IR whose XML is `path`; ModelError for another XML, or when its .bin does not fit."""
    with ByteReader(path, _KIND) as file:
        walk = _Walk(file)
        walk.all()
    weights = path.with_suffix(".bin")
    if not weights.is_file():
        raise ModelError(f"{path}: its weights are missing: {weights} should be beside it")
    size = weights.stat().st_size
    for constant, at in walk.constants:
        end = (constant.offset or 0) + constant.bytes
        if end > size:
            raise file.error(f"{constant.name} needs {end} bytes of {weights.name}, which has {size}", at)
    tensors = tuple(constant for constant, _ in walk.constants)
    operations = dict(walk.operations.most_common())
    both = file.size + size
    header = {**walk.header, "weights": weights.name}
    ends = tuple(walk.inputs), tuple(walk.outputs)
    return ModelReport(path, _KIND, both, header, tensors, *ends, operations)


class _Walk:
    """One pass over the XML, which is never in memory as a whole."""

    def __init__(self, file: ByteReader) -> None:
        self.header: dict[str, str | int] = {}
        self.inputs: list[TensorReport] = []
        self.outputs: list[TensorReport] = []
        self.constants: list[tuple[TensorReport, int]] = []  # with the byte of the XML that tells of it
        self.operations: Counter[str] = Counter()
        self._file = file
        self._open: list[str] = []  # the elements around this place
        self._layer: dict[str, str] = {}
        self._dims: list[Dimension] | None = None  # of the port that is a result
        self._text = ""
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype

    def all(self) -> None:
        """Read the file from end to end."""
        try:
            for at in range(0, self._file.size, _BLOCK):
                count = min(_BLOCK, self._file.size - at)
                self._parser.Parse(self._file.take(at, count, "the XML"), at + count == self._file.size)
        except expat.ExpatError as error:
            words = expat.errors.messages.get(error.code, str(error))
            raise self._file.error(f"no whole XML: {words}", self._parser.ErrorByteIndex) from None
        if not self.operations:
            raise self._error("no layers")

    def _error(self, what: str) -> ModelError:
        return self._file.error(what, self._parser.CurrentByteIndex)

    def _doctype(self, *_: object) -> None:
        raise self._error("a document type, which an IR does not have")

    def _start(self, name: str, given: dict[str, str]) -> None:
        if not self._open and name != "net":
            raise self._error(f"the XML is a <{name}>, an IR is a <net>")
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} elements in each other")
        self._text = ""
        if name == "net" and len(self._open) == 1:
            self.header.update(name=given.get("name", ""), ir_version=given.get("version", ""))
        elif name == "layer":
            self._layer = given
            self.operations[given.get("type", "?")] += 1
        elif name == "data" and self._layer.get("type") in ("Parameter", "Const"):
            self._data(given)
        elif name == "port" and self._layer.get("type") == "Result":
            self._dims = []
            self._layer = {**self._layer, "precision": given.get("precision", "")}
        elif self._open[1:2] == ["rt_info"] and "value" in given:
            self.header[given.get("name") or ".".join(self._open[2:])] = given["value"]

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "dim" and self._dims is not None:
            size = _dimension(self._text)
            self._dims.append("?" if size == "-1" else size)
        elif name == "port" and self._dims is not None:
            kind = _type(self._layer["precision"])
            self.outputs.append(TensorReport(self._layer.get("name", ""), tuple(self._dims), kind))
            self._dims = None

    def _characters(self, text: str) -> None:
        if self._open[-1] == "dim":
            self._text = (self._text + text)[:_LONGEST_NUMBER]

    def _data(self, given: dict[str, str]) -> None:
        name, kind = self._layer.get("name", ""), _type(given.get("element_type", "?"))
        shape = tuple(_dimension(text) for text in given.get("shape", "").split(",") if text.strip())
        if self._layer["type"] == "Parameter":
            self.inputs.append(TensorReport(name, shape, kind))
            return
        fixed = [size for size in shape if isinstance(size, int)]
        offset, size = self._number(given, "offset"), self._number(given, "size")
        needed = stored_bytes(kind, fixed)
        if len(fixed) != len(shape) or (needed is not None and needed != size):
            text = given.get("shape", "")
            raise self._error(f"{name} is {kind} of shape [{text}] and says that it has {size} bytes")
        self.constants.append((TensorReport(name, shape, kind, size, offset), self._parser.CurrentByteIndex))

    def _number(self, given: dict[str, str], name: str) -> int:
        text = given.get(name, "")
        size = _dimension(text)
        if not isinstance(size, int):
            raise self._error(f"{self._layer.get('name', '')} has the {name} {text!r}, which is no number")
        return size


def _dimension(text: str) -> Dimension:
    """A whole number, or what stands in its place."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _LONGEST_NUMBER else text


def _type(name: str) -> str:
    """OpenVINO's name of a type, of an element or of a port, as reports have it."""
    low = name.lower()
    return {"fp32": "f32", "fp16": "f16", "fp64": "f64", "boolean": "bool", "nf4": "u4"}.get(low, low)
