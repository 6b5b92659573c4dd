"""Files of named tensors: PyTorch's and safetensors', one or several that belong together."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pywhispercpp import extras
from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.json_file import read_json
from pywhispercpp.models.convert.readers.float_types import as_array
from pywhispercpp.models.convert.readers.torch_file import TorchFile
from pywhispercpp.models.convert.readers.torch_names import StoredTensor
from pywhispercpp.models.convert.weights import Array, Container, Shape

__all__ = ["SafetensorsFile", "Shards", "TorchTensors", "shard_files"]

_MOST_SHARDS = 256
_MOST_INDEX = 16 << 20
_FLOATS = ("F64", "F32", "F16")  # what numpy holds, too


class TorchTensors:
    """The tensors of one table in a PyTorch checkpoint."""

    def __init__(self, file: TorchFile, table: Mapping[Any, Any]) -> None:
        """Take the tensors out of `table`; what else is in it is not looked at."""
        self.path = file.path
        self._file = file
        self._tensors = {
            name: value
            for name, value in table.items()
            if isinstance(name, str) and isinstance(value, StoredTensor)
        }
        self.shapes: Mapping[str, Shape] = {name: tensor.shape for name, tensor in self._tensors.items()}

    def __getitem__(self, name: str) -> Array:
        """Read one tensor."""
        tensor = self._tensors[name]
        if "float" not in tensor.storage.dtype:
            raise ModelError(f"{self.path}: tensor {name} is stored as {tensor.storage.dtype}, not as floats")
        return self._file.read(tensor)


class SafetensorsFile:
    """One safetensors file; the library looks at its structure."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        """Open the file until `stack` ends; ModelError for what is none."""
        self.path = path
        library = extras.require("safetensors", "convert", f"{path}: reading safetensors")
        self._failed = library.SafetensorError
        try:
            self._file = stack.enter_context(library.safe_open(str(path), framework="numpy"))
            slices = {name: self._file.get_slice(name) for name in self._file.keys()}  # noqa: SIM118 - no dict
            self.shapes: Mapping[str, Shape] = {
                name: tuple(part.get_shape()) for name, part in slices.items()
            }
            self._kinds = {name: str(part.get_dtype()) for name, part in slices.items()}
        except (self._failed, OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path}: no readable safetensors file: {error}") from error

    def __getitem__(self, name: str) -> Array:
        """Read one tensor."""
        kind = self._kinds[name]
        if kind == "BF16":
            return self._bfloat16(name)
        if kind not in _FLOATS:
            raise ModelError(f"{self.path}: tensor {name} is stored as {kind}, not as floats")
        try:
            found: Array = self._file.get_tensor(name)
        except self._failed as error:
            raise ModelError(f"{self.path}: tensor {name} cannot be read: {error}") from error
        return found

    def _bfloat16(self, name: str) -> Array:
        """The library gives numpy no bfloat16; the header, which it has checked, says where the bytes lie."""
        with self.path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            begin, end = json.loads(file.read(length))[name]["data_offsets"]
            file.seek(8 + length + begin)
            return as_array(file.read(end - begin), "bfloat16").reshape(self.shapes[name])


class Shards:
    """Several files of tensors that an index joins."""

    def __init__(self, path: Path, parts: list[Container], wanted: Mapping[str, str]) -> None:
        """Join `parts`; `wanted` are the names that the index at `path` lists, each with its file."""
        self.path = path
        self._place: dict[str, Container] = {}
        for part in parts:
            for name in part.shapes:
                if wanted.get(name) != part.path.name:
                    raise ModelError(f"{path}: does not say that tensor {name!r} is in {part.path.name}")
                self._place[name] = part
        if missing := sorted(set(wanted) - set(self._place)):
            raise ModelError(f"{path}: tensor {missing[0]!r} is not in {wanted[missing[0]]}")
        self.shapes: Mapping[str, Shape] = {name: part.shapes[name] for name, part in self._place.items()}

    def __getitem__(self, name: str) -> Array:
        """Read one tensor."""
        return self._place[name][name]


def shard_files(index: Path) -> dict[str, str]:
    """Tensor -> file beside the index; ModelError for an index that is none or leads elsewhere."""
    content = read_json(index, _MOST_INDEX)
    table = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(table, dict) or not table:
        raise ModelError(f"{index}: no weight_map; not the index of a model in several files")
    files = set(table.values()) if all(isinstance(file, str) for file in table.values()) else {""}
    for file in files:
        if not file or file != Path(file).name or "\0" in file:
            raise ModelError(f"{index}: names {file!r}; a file beside it is needed")
    if len(files) > _MOST_SHARDS:
        raise ModelError(f"{index}: names {len(files)} files")
    return table
