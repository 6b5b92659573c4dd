"""The pickle inside a PyTorch checkpoint, read as data: nothing in it can name or call any code.

Python's own pickle imports what the file names and calls it. This is a machine of its own for the few
instructions that `torch.save` writes. The names that it knows are in one table and stand for shapes of data,
not for code; everything else is refused. Time and memory are bounded by the sizes that are let in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pywhispercpp.errors import ModelError

if TYPE_CHECKING:
    from typing_extensions import TypeGuard

__all__ = ["MOST_BYTES", "Storage", "StoredTensor", "load"]

MOST_BYTES = 4 << 20  # of one pickle; Whisper large's has 0.3 MB
_MOST_STEPS = 1 << 18  # Whisper large's has 50 thousand; each makes one value at most
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


@dataclass(frozen=True)
class _Name:
    """A name of the table; not the thing that it names."""

    words: str


@dataclass(frozen=True)
class _StorageKind(_Name):
    dtype: str


_DICT, _TENSOR, _PARAMETER, _SIZE = (
    _Name("collections.OrderedDict"),
    _Name("torch._utils._rebuild_tensor_v2"),
    _Name("torch._utils._rebuild_parameter"),
    _Name("torch.Size"),
)
_NAMES: dict[str, _Name] = {name.words: name for name in (_DICT, _TENSOR, _PARAMETER, _SIZE)}
_NAMES.update({f"torch.{kind}": _StorageKind(f"torch.{kind}", dtype) for kind, dtype in _STORAGES.items()})

Step = Callable[["_Machine"], None]


class _Mark:
    """Where the values of a collection begin on the stack."""


def load(data: bytes, start: int = 0) -> tuple[object, int]:
    """Return the value of the pickle at `start`, and where it ends.

    It is made of dict, list, tuple, str, int, float, bool, None and StoredTensor. Raises ModelError (what, at
    which byte) for all that is not a plain table of weights.
    """
    machine = _Machine(data, start)
    try:
        return machine.run(), machine.at
    except _Refusal as refusal:
        raise ModelError(f"{refusal} (byte {machine.step_at} of the pickle)") from None


class _Refusal(Exception):
    """What cannot be read, in words; `load` says where."""


class _Machine:
    """A stack of values, a memo of some, and a place in the data."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.at = self.step_at = start
        self.end = min(len(data), start + MOST_BYTES)
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}

    def run(self) -> object:
        """Take steps until the one that says stop."""
        for _ in range(_MOST_STEPS):
            self.step_at = self.at
            code = self.take(1)
            if code == b".":
                return self.only()
            step = _STEPS.get(code)
            if step is None:
                raise _Refusal(f"instruction {code!r}, which torch.save does not write")
            step(self)
        raise _Refusal(f"more than {_MOST_STEPS} instructions")

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.end - self.at:
            raise _Refusal("the pickle ends too early, or is too long")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> int:
        """Return the next number of this struct format."""
        (value,) = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
        return int(value)

    def line(self) -> str:
        """Return the text up to the next line end."""
        end = self.data.find(b"\n", self.at, min(self.end, self.at + 256))
        if end < 0:
            raise _Refusal("a name without an end")
        return _text(self.take(end + 1 - self.at)[:-1])

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> object:
        """Take the last value off the stack."""
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise _Refusal("a value is missing")
        return self.stack.pop()

    def only(self) -> object:
        """Return the one value that there is."""
        if len(self.stack) != 1:
            raise _Refusal(f"it ends with {len(self.stack)} values, not one")
        return self.pop()

    def to_mark(self) -> list[object]:
        """Take all values down to the last mark."""
        values: list[object] = []
        while self.stack:
            value = self.stack.pop()
            if isinstance(value, _Mark):
                return values[::-1]
            values.append(value)
        raise _Refusal("a mark is missing")

    def remember(self, key: int) -> None:
        """Keep the last value under a number."""
        value = self.pop()
        self.push(value)
        self.memo[key] = value

    def recall(self, key: int) -> None:
        """Push what is kept under a number."""
        if key not in self.memo:
            raise _Refusal(f"value {key} was never remembered")
        self.push(self.memo[key])

    def name(self, module: str, name: str) -> None:
        """Push a name of the table."""
        words = f"{module}.{name}"
        if words not in _NAMES:
            raise _Refusal(
                f"it asks for {words!r}, which weights do not need; nothing of it was run. Only a table of "
                "tensors converts: save model.state_dict(), not the model or the state of its training"
            )
        self.push(_NAMES[words])

    def name_from_stack(self) -> None:
        """Push a name whose parts are on the stack."""
        name, module = self.pop(), self.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            raise _Refusal("a name that is no text")
        self.name(module, name)

    def reduce(self) -> None:
        """Replace a name and its arguments by the data that they describe."""
        arguments, name = self.pop(), self.pop()
        if not isinstance(arguments, tuple):
            raise _Refusal("arguments that are no tuple")
        if name is _DICT and not arguments:
            self.push({})
        elif name is _TENSOR:
            self.push(_tensor(arguments))
        elif (name, len(arguments)) in ((_PARAMETER, 3), (_SIZE, 1)):
            self.push(_first(arguments, StoredTensor if name is _PARAMETER else tuple))
        else:
            raise _Refusal(f"{_what(name)} is called, which is no tensor; nothing was run")

    def build(self) -> None:
        """Drop the attributes of a dict, which torch gives to a state dict."""
        state, value = self.pop(), self.pop()
        if not (isinstance(value, dict) and isinstance(state, dict)):
            raise _Refusal(f"attributes for {_what(value)}; nothing was run")
        self.push(value)

    def persistent(self) -> None:
        """Replace the description of a storage by it."""
        self.push(_storage(self.pop()))

    def set_items(self, values: list[object]) -> None:
        """Put pairs of key and value into the dict on the stack."""
        target = self.pop()
        if not isinstance(target, dict) or len(values) % 2:
            raise _Refusal(f"items for {_what(target)}")
        for key, value in zip(values[::2], values[1::2]):
            if type(key) not in (str, int):  # the hash of a deep tuple would exhaust the C stack
                raise _Refusal(f"a key that is {_what(key)}")
            target[key] = value
        self.push(target)

    def append(self, values: list[object]) -> None:
        """Add values to the list on the stack."""
        target = self.pop()
        if not isinstance(target, list):
            raise _Refusal(f"elements for {_what(target)}")
        target.extend(values)
        self.push(target)

    def tuple_of(self, count: int) -> None:
        """Replace the last values by a tuple of them."""
        values = [self.pop() for _ in range(count)]
        self.push(tuple(values[::-1]))

    def long(self) -> None:
        """Push a whole number of up to 255 bytes."""
        self.push(int.from_bytes(self.take(self.number("B")), "little", signed=True))


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _Refusal("a text that is not UTF-8") from None


def _what(value: object) -> str:
    return value.words if isinstance(value, _Name) else f"a {type(value).__name__}"


def _first(arguments: tuple[object, ...], kind: type) -> object:
    if not isinstance(arguments[0], kind):
        raise _Refusal(f"{_what(arguments[0])} where a {kind.__name__} is needed")
    return arguments[0]


def _is_size(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _MOST_NUMBER


def _storage(value: object) -> Storage:
    """`("storage", kind, key, location, count)`, and in the old format a None for "no view"."""
    if not (isinstance(value, tuple) and 5 <= len(value) <= 6 and value[0] == "storage"):
        raise _Refusal("a reference that is no storage")
    _, kind, key, _, count = value[:5]
    if not isinstance(kind, _StorageKind) or not isinstance(key, str) or not _is_size(count):
        raise _Refusal("a storage without its kind, key and size")
    if value[5:] not in ((), (None,)):
        raise _Refusal("a storage that is a view of another")
    return Storage(key, kind.dtype, count)


def _tensor(arguments: tuple[object, ...]) -> StoredTensor:
    if not 6 <= len(arguments) <= 7:
        raise _Refusal(f"a tensor of {len(arguments)} arguments")
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage) or not _is_size(offset):
        raise _Refusal("a tensor without a storage and an offset")
    tensor = StoredTensor(storage, offset, _sizes(shape), _sizes(strides))
    if len(tensor.shape) != len(tensor.strides):
        raise _Refusal(f"a tensor of {len(tensor.shape)} dimensions and {len(tensor.strides)} strides")
    if tensor.size and tensor.offset + tensor.span > storage.count:
        raise _Refusal(
            f"a tensor {list(tensor.shape)} that reaches past its storage of {storage.count} numbers"
        )
    return tensor


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) > _MOST_RANK or not all(_is_size(one) for one in value):
        raise _Refusal("a tensor whose shape or strides are no sizes")
    return value


_STEPS: dict[bytes, Step] = {
    b"\x80": lambda m: _protocol(m.number("B")),
    b"\x95": lambda m: _drop(m.take(8)),  # a frame: only says how much to read at once
    b"(": lambda m: m.push(_Mark()),
    b"0": lambda m: _drop(m.pop()),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": lambda m: m.push(m.number("i")),
    b"K": lambda m: m.push(m.number("B")),
    b"M": lambda m: m.push(m.number("H")),
    b"\x8a": _Machine.long,
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    b"X": lambda m: m.push(_text(m.take(m.number("I")))),
    b"\x8c": lambda m: m.push(_text(m.take(m.number("B")))),
    b"U": lambda m: m.push(_text(m.take(m.number("B")))),  # Python 2's
    b")": lambda m: m.push(()),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.push(tuple(m.to_mark())),
    b"]": lambda m: m.push([]),
    b"a": lambda m: m.append([m.pop()]),
    b"e": lambda m: m.append(m.to_mark()),
    b"}": lambda m: m.push({}),
    b"s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),
    b"u": lambda m: m.set_items(m.to_mark()),
    b"q": lambda m: m.remember(m.number("B")),
    b"r": lambda m: m.remember(m.number("I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"h": lambda m: m.recall(m.number("B")),
    b"j": lambda m: m.recall(m.number("I")),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": _Machine.name_from_stack,
    b"R": _Machine.reduce,
    b"b": _Machine.build,
    b"Q": _Machine.persistent,
}


def _protocol(number: int) -> None:
    if number not in range(2, 6):
        raise _Refusal(f"pickle protocol {number}, expected 2 to 5")


def _drop(_: object) -> None:
    """Take no notice of a value."""
