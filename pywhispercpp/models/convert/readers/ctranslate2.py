"""Reader of CTranslate2's `model.bin`, which trusts no number in the file.

Format (version 6): u32 version, string specification, u32 revision, u32 count, then for each variable: string
name, u8 rank, u32 dimensions, u8 type, u32 size in bytes, data; then u32 count of aliases, each two strings.
A string is u16 length, that many bytes, the last of them zero. Little-endian.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.closing import Closing
from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.readers.float_types import ITEM_BYTES, as_array

__all__ = ["CTranslate2File", "Variable", "is_whisper"]

_TYPES: dict[int, str] = {0: "float32", 1: "int8", 2: "int16", 3: "int32", 4: "float16", 5: "bfloat16"}
_VERSIONS = range(4, 7)  # 4: types and sizes as here; 6: the newest there is
_MAX_VARIABLES = 20_000
_MAX_RANK = 8


_WHISPER = b"\x0c\x00WhisperSpec\x00"  # the specification's name, after the version


def is_whisper(head: bytes) -> bool:
    """Whether a file that begins so is a Whisper model of CTranslate2."""
    return head[4:].startswith(_WHISPER)


@dataclass(frozen=True)
class Variable:
    """Where one tensor lies in the file: shape (slowest dimension first), type, byte offset."""

    shape: tuple[int, ...]
    dtype: str
    offset: int


class CTranslate2File(Closing):
    """The variables of one CTranslate2 model; weights are read only when asked for.

    Raises ModelError (what, at which byte) for a file that is not one or does not hold what it promises.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and read where its variables lie."""
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
        self._size = path.stat().st_size
        self.variables: dict[str, Variable] = {}
        try:
            self._read_index()
        except ModelError:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        """Read one variable, bfloat16 as float32; ModelError when there is none of that name."""
        variable = self._find(name)
        self._file.seek(variable.offset)
        count = math.prod(variable.shape)
        data = self._take(count * ITEM_BYTES[variable.dtype])
        return as_array(data, variable.dtype).reshape(variable.shape)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one variable, without reading it."""
        return self._find(name).shape

    def layers(self, stack: str) -> int:
        """How many `<stack>/layer_N` there are, counted from 0 without a gap."""
        prefix = f"{stack}/layer_"
        present = {name[len(prefix) :].split("/")[0] for name in self.variables if name.startswith(prefix)}
        return next(number for number in range(len(present) + 1) if str(number) not in present)

    def _find(self, name: str) -> Variable:
        try:
            return self.variables[name]
        except KeyError:
            raise ModelError(f"{self.path}: no variable {name!r}; not a CTranslate2 Whisper model") from None

    def _read_index(self) -> None:
        version = self._number("I")
        if version not in _VERSIONS:
            raise self._error(
                f"CTranslate2 binary version {version}, expected {_VERSIONS[0]} to {_VERSIONS[-1]}"
            )
        self._string()  # the specification's name
        self._number("I")  # its revision
        for _ in range(self._count("variables")):
            self._variable()
        for _ in range(self._count("aliases")):
            alias, target = self._string(), self._string()
            self.variables[alias] = self._find(target)

    def _variable(self) -> None:
        name = self._string()
        rank = self._number("B")
        if rank > _MAX_RANK:
            raise self._error(f"variable {name!r} has {rank} dimensions")
        shape = tuple(self._number("I") for _ in range(rank))
        code, size = self._number("B"), self._number("I")
        if code not in _TYPES:
            raise self._error(f"variable {name!r} has unknown type {code}")
        expected = ITEM_BYTES[_TYPES[code]]
        for dimension in shape:
            expected *= dimension
        if size != expected:
            raise self._error(
                f"variable {name!r} of shape {list(shape)} has {size} bytes, expected {expected}"
            )
        if size > self._size - self._file.tell():
            raise self._error(f"the file ends inside variable {name!r}")
        self.variables[name] = Variable(shape, _TYPES[code], self._file.tell())
        self._file.seek(size, 1)

    def _count(self, what: str) -> int:
        count = self._number("I")
        if count > _MAX_VARIABLES:
            raise self._error(f"{count} {what}")
        return count

    def _number(self, code: str) -> int:
        form = struct.Struct("<" + code)
        (value,) = form.unpack(self._take(form.size))
        return int(value)

    def _string(self) -> str:
        data = self._take(self._number("H"))
        if not data.endswith(b"\0"):
            raise self._error("a string without its closing zero")
        return data[:-1].decode("utf-8", "backslashreplace")

    def _take(self, count: int) -> bytes:
        left = self._size - self._file.tell()
        data = self._file.read(count) if count <= left else b""
        if len(data) != count:
            raise self._error(f"the file ends: {count} bytes needed, {left} left")
        return data

    def _error(self, what: str) -> ModelError:
        at = self._file.tell()
        return ModelError(
            f"{self.path}: {what} (byte {at} of {self._size}); a damaged or foreign CTranslate2 model"
        )
