"""What the names in a PyTorch checkpoint stand for: tables, tensors and where their numbers lie.

A name of the table stands for a shape of data, never for code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

__all__ = [
    "NAMES",
    "Name",
    "Refusal",
    "Storage",
    "StoredTensor",
    "described",
    "dict_of",
    "storage_of",
    "words_for",
]

_MOST_RANK = 8
_MOST_NUMBER = 1 << 62  # above any size or offset there can be, and a sum of eight products stays quick

#: Storage classes of torch and their numbers: numpy's name, or bfloat16, which numpy has not.
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}


@dataclass(frozen=True)
class Storage:
    """A run of `count` numbers that lies elsewhere in the file under `key`."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A view of a storage: offset and strides count numbers, and stay within the storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def span(self) -> int:
        """How many numbers of the storage lie between its first and its last, both counted."""
        if self.size == 0:
            return 0
        return 1 + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides))


class Refusal(Exception):
    """What cannot be read, in words; `load` says where."""


@dataclass(frozen=True)
class Name:
    """A name of the table; not the thing that it names."""

    words: str


@dataclass(frozen=True)
class _StorageKind(Name):
    dtype: str


_DICT, _TENSOR, _OLD_TENSOR, _PARAMETER, _SIZE = (
    Name("collections.OrderedDict"),
    Name("torch._utils._rebuild_tensor_v2"),
    Name("torch._utils._rebuild_tensor"),
    Name("torch._utils._rebuild_parameter"),
    Name("torch.Size"),
)
NAMES: dict[str, Name] = {name.words: name for name in (_DICT, _TENSOR, _OLD_TENSOR, _PARAMETER, _SIZE)}
NAMES.update({f"torch.{kind}": _StorageKind(f"torch.{kind}", dtype) for kind, dtype in _STORAGES.items()})


def described(name: object, arguments: tuple[object, ...]) -> object:
    """What a name with arguments describes; raises Refusal for a name that takes none."""
    if name is _DICT:
        return dict_of(_pairs(arguments))
    if name is _TENSOR or name is _OLD_TENSOR:
        return _tensor(arguments)
    if name is _PARAMETER and len(arguments) == 3:
        return _first(arguments, StoredTensor)
    if name is _SIZE and len(arguments) == 1:
        return _first(arguments, tuple)
    raise Refusal(f"{words_for(name)} is called, which is no tensor; nothing was run")


def dict_of(values: list[object], into: dict[object, object] | None = None) -> dict[object, object]:
    """A dict of keys and values in turn; its keys are texts and whole numbers."""
    table = {} if into is None else into
    for key, value in zip(values[::2], values[1::2]):
        if type(key) not in (str, int):  # the hash of a deep tuple would exhaust the C stack
            raise Refusal(f"a key that is {words_for(key)}")
        table[key] = value
    return table


def words_for(value: object) -> str:
    """A value for a message: a name, or the kind of any other."""
    return value.words if isinstance(value, Name) else f"a {type(value).__name__}"


def _pairs(arguments: tuple[object, ...]) -> list[object]:
    """Keys and values in turn, of a dict that is made of a list of pairs, as Python 2 did."""
    pairs = arguments[0] if arguments else []
    if len(arguments) > 1 or not isinstance(pairs, list):
        raise Refusal("a dict that is made of no pairs")
    for pair in pairs:
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2):
            raise Refusal("a dict that is made of no pairs")
    return [value for pair in pairs for value in pair]


def _first(arguments: tuple[object, ...], kind: type) -> object:
    if not isinstance(arguments[0], kind):
        raise Refusal(f"{words_for(arguments[0])} where a {kind.__name__} is needed")
    return arguments[0]


def _is_size(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _MOST_NUMBER


def storage_of(value: object) -> Storage:
    """`("storage", kind, key, location, count)`, and in the old format a None for "no view"."""
    if not (isinstance(value, tuple) and 5 <= len(value) <= 6 and value[0] == "storage"):
        raise Refusal("a reference that is no storage")
    _, kind, key, _, count = value[:5]
    if not isinstance(kind, _StorageKind) or not isinstance(key, str) or not _is_size(count):
        raise Refusal("a storage without its kind, key and size")
    if value[5:] not in ((), (None,)):
        raise Refusal("a storage that is a view of another")
    return Storage(key, kind.dtype, count)


def _tensor(arguments: tuple[object, ...]) -> StoredTensor:
    if not 4 <= len(arguments) <= 7:
        raise Refusal(f"a tensor of {len(arguments)} arguments")
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage) or not _is_size(offset):
        raise Refusal("a tensor without a storage and an offset")
    tensor = StoredTensor(storage, offset, _sizes(shape), _sizes(strides))
    if len(tensor.shape) != len(tensor.strides):
        raise Refusal(f"a tensor of {len(tensor.shape)} dimensions and {len(tensor.strides)} strides")
    if tensor.size and tensor.offset + tensor.span > storage.count:
        raise Refusal(
            f"a tensor {list(tensor.shape)} that reaches past its storage of {storage.count} numbers"
        )
    return tensor


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > _MOST_RANK or not all(_is_size(one) for one in value):
        raise Refusal("a tensor whose shape or strides are no sizes")
    return value
