"""A PyTorch checkpoint without PyTorch: the table that `torch.save` wrote, and its tensors.

Two formats: since PyTorch 1.6 a zip archive of `data.pkl` and one member `data/<key>` for each storage;
before that one pickle after another (magic number, protocol, machine, table, keys), then for each key an i64
count and the numbers.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.closing import Closing
from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.readers import torch_pickle
from pywhispercpp.models.convert.readers.float_types import ITEM_BYTES, as_array
from pywhispercpp.models.convert.readers.stored_zip import StoredZip
from pywhispercpp.models.convert.readers.torch_names import Storage, StoredTensor
from pywhispercpp.models.convert.readers.torch_pickle import Loaded

__all__ = ["TorchFile", "is_legacy"]

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_LEGACY_HEAD = b"\x80\x02\x8a\n" + _MAGIC_NUMBER.to_bytes(10, "little")
_STREWN = 64  # a tensor that is a column of a matrix reads the columns between; more is no weight


def is_legacy(head: bytes) -> bool:
    """Whether a file that begins so is a checkpoint of PyTorch before 1.6."""
    return head.startswith(_LEGACY_HEAD)


class _Storages(Protocol):
    """Where the numbers lie."""

    def read(self, storage: Storage, start: int, count: int) -> bytes:
        """Return bytes `start` to `start + count` of a storage."""

    def close(self) -> None:
        """Close the file."""


class TorchFile(Closing):
    """One checkpoint; `root` is its table, with a StoredTensor for every tensor.

    Nothing in the file is run. Raises ModelError for a file that is no such checkpoint, holds more than
    weights or does not hold what it promises.
    """

    def __init__(self, path: Path) -> None:
        """Read the table and keep the file open."""
        self.path = path
        with path.open("rb") as file:
            head = file.read(len(_LEGACY_HEAD))
        self._order: Literal["<", ">"] = "<"
        self._storages: _Storages
        self.root: object
        if is_legacy(head):
            legacy = _Legacy(path)
            self._storages, self.root = legacy, legacy.root
        else:
            self._open_zip(StoredZip(path))

    def close(self) -> None:
        """Close the file."""
        self._storages.close()

    def read(self, tensor: StoredTensor) -> NDArray[np.generic]:
        """Return a tensor; bfloat16 comes as float32, which holds it exactly."""
        item = ITEM_BYTES[tensor.storage.dtype]
        if tensor.size == 0:
            return as_array(b"", tensor.storage.dtype).reshape(tensor.shape)
        if tensor.span > _STREWN * tensor.size:
            raise ModelError(
                f"{self.path}: the numbers of a tensor {list(tensor.shape)} are strewn over its storage"
            )
        data = self._storages.read(tensor.storage, tensor.offset * item, tensor.span * item)
        numbers = as_array(data, tensor.storage.dtype, self._order)
        steps = tuple(stride * numbers.itemsize for stride in tensor.strides)
        view = np.lib.stride_tricks.as_strided(numbers, tensor.shape, steps, writeable=False)
        return np.ascontiguousarray(view).reshape(tensor.shape)

    def _open_zip(self, archive: StoredZip) -> None:
        try:
            if "constants.pkl" in archive:
                raise ModelError(
                    f"{self.path}: a TorchScript program, not a table of weights; save model.state_dict()"
                )
            if "byteorder" in archive:
                self._order = ">" if archive.read("byteorder", 16) == b"big" else "<"
            if "data.pkl" not in archive:
                raise ModelError(f"{self.path}: a zip archive without data.pkl; no PyTorch checkpoint")
            pickle = archive.read("data.pkl", torch_pickle.MOST_BYTES)
            self.root = _loaded(self.path, pickle, 0).value
        except BaseException:
            archive.close()
            raise
        self._storages = _Zip(archive)


def _loaded(path: Path, data: bytes, start: int) -> Loaded:
    try:
        return torch_pickle.load(data, start)
    except ModelError as error:
        raise ModelError(f"{path}: no PyTorch checkpoint of weights alone: {error}") from None


class _Zip:
    """Storages in a zip archive."""

    def __init__(self, archive: StoredZip) -> None:
        self._archive = archive
        self.close = archive.close

    def read(self, storage: Storage, start: int, count: int) -> bytes:
        name = f"data/{storage.key}"
        size = storage.count * ITEM_BYTES[storage.dtype]
        if self._archive.size(name) != size:
            raise ModelError(
                f"{self._archive.path}: storage {storage.key} has {self._archive.size(name)} bytes, expected "
                f"{size} ({storage.count} of {storage.dtype}); a damaged or foreign PyTorch file"
            )
        return self._archive.read(name) if count == size else self._archive.read_part(name, start, count)


class _Legacy:
    """Storages one after another at the end of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        try:
            self._size = path.stat().st_size
            self.root, keys = self._pickles()
            self._offsets = self._places(keys)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def read(self, storage: Storage, start: int, count: int) -> bytes:
        if storage.key not in self._offsets:
            raise self._error(f"no storage {storage.key}")
        self._file.seek(self._offsets[storage.key] + start)
        data = self._file.read(count)
        if len(data) != count:
            raise self._error(f"the file ends inside storage {storage.key}")
        return data

    def _pickles(self) -> tuple[object, object]:
        """The table, and the keys of the storages; the file then stands at the first of these."""
        data = self._file.read(2 * torch_pickle.MOST_BYTES)
        found = [_loaded(self.path, data, 0)]
        for _ in range(4):
            found.append(_loaded(self.path, data, found[-1].end))
        _, protocol, machine, root, keys = (one.value for one in found)
        if protocol != _PROTOCOL:
            given = protocol if isinstance(protocol, int) else type(protocol).__name__
            raise self._error(f"protocol {given}, expected {_PROTOCOL}")
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise self._error("not written by a little-endian machine")
        self._storages = found[3].storages
        self._file.seek(found[-1].end)
        return root, keys

    def _places(self, keys: object) -> dict[str, int]:
        """Where each storage begins: its count comes before it, the size of its numbers from the table."""
        if not isinstance(keys, list):
            raise self._error("no list of storages")
        offsets: dict[str, int] = {}
        for key in keys:
            if not isinstance(key, str) or key not in self._storages or key in offsets:
                raise self._error("a list of storages that is not the table's")
            storage = self._storages[key]
            head = self._file.read(8)
            if len(head) != 8 or struct.unpack("<q", head) != (storage.count,):
                raise self._error(f"storage {key} does not have the {storage.count} numbers of the table")
            offsets[key] = self._file.tell()
            end = offsets[key] + storage.count * ITEM_BYTES[storage.dtype]
            if end > self._size:
                raise self._error("the file ends inside its storages")
            self._file.seek(end)
        return offsets

    def _error(self, what: str) -> ModelError:
        return ModelError(f"{self.path}: {what}; a damaged or foreign PyTorch file")
