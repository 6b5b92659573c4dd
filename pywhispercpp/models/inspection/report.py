"""What a look into a model file gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Union

__all__ = ["Dimension", "ModelReport", "TensorReport", "TypeTotal"]

Dimension = Union[int, str]


@dataclass(frozen=True)
class TensorReport:
    """One tensor.

    Attributes:
        name: as the file has it.
        shape: the slowest dimension first, as in numpy; a word for one that is not fixed.
        type: f32, f16, i8… or ggml's name of a block type, such as q8_0.
        bytes: of its numbers in the file; 0 for an input or output.
        offset: byte of the first of them in the file (in the .bin of an IR); None where it is not known.
    """

    name: str
    shape: tuple[Dimension, ...]
    type: str
    bytes: int = 0
    offset: int | None = None


@dataclass(frozen=True)
class TypeTotal:
    """All tensors of one type together."""

    type: str
    tensors: int
    bytes: int


@dataclass(frozen=True)
class ModelReport:
    """What a model file says about itself.

    Attributes:
        path: the file.
        kind: what it is, in words.
        size: bytes of the file, with the .bin of an IR.
        header: everything else that it says, by the names that its format has for it.
        tensors: the numbers that are in it, in the order of the file.
        inputs: what the network takes; empty for ggml files, whose network is whisper.cpp's.
        outputs: what it gives.
        operations: how many there are of each; empty for ggml files.
    """

    path: Path
    kind: str
    size: int
    header: Mapping[str, str | int]
    tensors: tuple[TensorReport, ...]
    inputs: tuple[TensorReport, ...] = ()
    outputs: tuple[TensorReport, ...] = ()
    operations: Mapping[str, int] = field(default_factory=dict)

    @property
    def tensor_bytes(self) -> int:
        """Bytes of all numbers."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def types(self) -> tuple[TypeTotal, ...]:
        """The tensors counted by type; the type with the most bytes first."""
        names = dict.fromkeys(tensor.type for tensor in self.tensors)
        totals = []
        for name in names:
            sizes = [tensor.bytes for tensor in self.tensors if tensor.type == name]
            totals.append(TypeTotal(name, len(sizes), sum(sizes)))
        return tuple(sorted(totals, key=lambda total: -total.bytes))

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        found = asdict(self)
        found["path"] = str(self.path)
        found["header"] = dict(self.header)
        found["operations"] = dict(self.operations)
        found["types"] = [asdict(total) for total in self.types]
        found["tensor_bytes"] = self.tensor_bytes
        return found
