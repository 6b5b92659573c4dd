"""Where a protobuf message is broken: the parser itself does not say."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Fault", "first_fault"]

_DEEPEST = 100  # as protobuf's own limit
_VARINT, _I64, _LEN, _I32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Fault(NamedTuple):
    """What is wrong, and at which byte."""

    what: str
    at: int


class _Broken(Exception):
    """A fault was found."""


def first_fault(data: bytes, descriptor: Any) -> Fault | None:  # noqa: ANN401 - a Descriptor
    """The first place where `data` is no message of that kind; None where the walk finds nothing wrong."""
    try:
        _message(data, 0, len(data), descriptor, 0)
    except _Broken as error:
        what, at = error.args
        return Fault(what, at)
    return None


def _message(data: bytes, at: int, end: int, descriptor: Any, depth: int) -> None:  # noqa: ANN401
    name = descriptor.name
    if depth > _DEEPEST:
        raise _Broken(f"more than {_DEEPEST} messages in each other", at)
    fields = descriptor.fields_by_number
    while at < end:
        start = at
        tag, at = _varint(data, at, end, name)
        wire = tag & 7
        if not tag >> 3:
            raise _Broken(f"no field of {name} has the number 0", start)
        if wire == _VARINT:
            _, at = _varint(data, at, end, name)
        elif wire in (_I64, _I32):
            at += 8 if wire == _I64 else 4
        elif wire == _LEN:
            length, at = _varint(data, at, end, name)
            inner = fields[tag >> 3].message_type if tag >> 3 in fields else None
            if length <= end - at and inner is not None:
                _message(data, at, at + length, inner, depth + 1)
            at += length
        else:
            raise _Broken(f"field {tag >> 3} of {name} has the wire type {wire}", start)
        if at > end:
            field = fields[tag >> 3].name if tag >> 3 in fields else f"field {tag >> 3}"
            raise _Broken(f"{name}.{field} goes {at - end} bytes past the end of its message", start)


def _varint(data: bytes, at: int, end: int, name: str) -> tuple[int, int]:
    """A number, and the byte after it."""
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= end:
            raise _Broken(f"{name} ends inside a number", at)
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise _Broken(f"a number of more than {_LONGEST_VARINT} bytes in {name}", at)
