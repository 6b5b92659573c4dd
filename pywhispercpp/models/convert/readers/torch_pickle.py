"""The pickle inside a PyTorch checkpoint, read as data: nothing in it can name or call any code.

Python's own pickle imports what the file names and calls it. This is a machine of its own for the few
instructions that `torch.save` writes. The names that it knows are in one table and stand for shapes of data,
not for code; everything else is refused. Time and memory are bounded by the sizes that are let in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pywhispercpp.errors import ModelError
from pywhispercpp.models.convert.readers.torch_names import (
    NAMES,
    Refusal,
    Storage,
    described,
    dict_of,
    storage_of,
    words_for,
)

__all__ = ["MOST_BYTES", "Loaded", "load"]

MOST_BYTES = 4 << 20  # of one pickle; Whisper large's has 0.15 MB
_MOST_STEPS = 1 << 18  # Whisper large's has 39 thousand; each makes one value at most


@dataclass(frozen=True)
class Loaded:
    """What a pickle says: a value, all storages by key, and the byte at which it ends."""

    value: object
    storages: dict[str, Storage]
    end: int


Step = Callable[["_Machine"], None]


class _Mark:
    """Where the values of a collection begin on the stack."""


def load(data: bytes, start: int = 0) -> Loaded:
    """Read the pickle that begins at byte `start`.

    Its value is made of dict, list, tuple, str, int, float, bool, None and StoredTensor. Raises ModelError
    (what, at which byte) for all that is not a plain table of weights.
    """
    machine = _Machine(data, start)
    try:
        return Loaded(machine.run(), machine.storages, machine.at)
    except Refusal as refusal:
        raise ModelError(f"{refusal} (byte {machine.step_at} of the pickle)") from None


class _Machine:
    """A stack of values, a memo of some, and a place in the data."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.at = self.step_at = start
        self.end = min(len(data), start + MOST_BYTES)
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.storages: dict[str, Storage] = {}
        self.left = _MOST_STEPS

    def run(self) -> object:
        """Take steps until the one that says stop."""
        while True:
            self.step_at = self.at
            self.spend(1)
            code = self.take(1)
            if code == b".":
                return self.only()
            step = _STEPS.get(code)
            if step is None:
                raise Refusal(f"instruction {code!r}, which torch.save does not write")
            step(self)

    def spend(self, steps: int) -> None:
        """Take so many of the steps that there may be."""
        self.left -= steps
        if self.left < 0:
            raise Refusal(f"more than {_MOST_STEPS} instructions")

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.end - self.at:
            raise Refusal("the pickle ends too early, or is too long")
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
            raise Refusal("a name without an end")
        return _text(self.take(end + 1 - self.at)[:-1])

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> object:
        """Take the last value off the stack."""
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise Refusal("a value is missing")
        return self.stack.pop()

    def only(self) -> object:
        """Return the one value that there is."""
        if len(self.stack) != 1:
            raise Refusal(f"it ends with {len(self.stack)} values, not one")
        return self.pop()

    def to_mark(self) -> list[object]:
        """Take all values down to the last mark."""
        values: list[object] = []
        while self.stack:
            value = self.stack.pop()
            if isinstance(value, _Mark):
                return values[::-1]
            values.append(value)
        raise Refusal("a mark is missing")

    def remember(self, key: int) -> None:
        """Keep the last value under a number."""
        value = self.pop()
        self.push(value)
        self.memo[key] = value

    def recall(self, key: int) -> None:
        """Push what is kept under a number."""
        if key not in self.memo:
            raise Refusal(f"value {key} was never remembered")
        self.push(self.memo[key])

    def name(self, module: str, name: str) -> None:
        """Push a name of the table."""
        words = f"{module}.{name}"
        if words not in NAMES:
            raise Refusal(
                f"it asks for {words!r}, which weights do not need; nothing of it was run. Only a table of "
                "tensors converts: save model.state_dict(), not the model or the state of its training"
            )
        self.push(NAMES[words])

    def name_from_stack(self) -> None:
        """Push a name whose parts are on the stack."""
        name, module = self.pop(), self.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            raise Refusal("a name that is no text")
        self.name(module, name)

    def reduce(self) -> None:
        """Replace a name and its arguments by the data that they describe."""
        arguments, name = self.pop(), self.pop()
        if not isinstance(arguments, tuple):
            raise Refusal("arguments that are no tuple")
        # A dict of pairs has as many as the list that it is made of, which may be used again and again.
        self.spend(sum(len(argument) for argument in arguments[:1] if isinstance(argument, list)))
        self.push(described(name, arguments))

    def build(self) -> None:
        """Drop the attributes of a dict, which torch gives to a state dict."""
        state, value = self.pop(), self.pop()
        if not (isinstance(value, dict) and isinstance(state, dict)):
            raise Refusal(f"attributes for {words_for(value)}; nothing was run")
        self.push(value)

    def persistent(self) -> None:
        """Replace the description of a storage by it."""
        storage = storage_of(self.pop())
        if self.storages.setdefault(storage.key, storage) != storage:
            raise Refusal(f"storage {storage.key} is described twice, and differently")
        self.push(storage)

    def set_items(self, values: list[object]) -> None:
        """Put pairs of key and value into the dict on the stack."""
        target = self.pop()
        if not isinstance(target, dict) or len(values) % 2:
            raise Refusal(f"items for {words_for(target)}")
        dict_of(values, target)
        self.push(target)

    def append(self, values: list[object]) -> None:
        """Add values to the list on the stack."""
        target = self.pop()
        if not isinstance(target, list):
            raise Refusal(f"elements for {words_for(target)}")
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
        raise Refusal("a text that is not UTF-8") from None


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
        raise Refusal(f"pickle protocol {number}, expected 2 to 5")


def _drop(_: object) -> None:
    """Take no notice of a value."""
