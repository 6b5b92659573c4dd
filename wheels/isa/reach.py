"""What a function reaches: itself and all that it calls or jumps to directly, within its library.

Calls to the library's own exported functions go through the loader's table and are followed too. Calls
through other pointers, such as virtual functions, are not: the walk proves what it sees, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wheels.isa.code import Code

#: The feature of what is no instruction that is known.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Step:
    """One instruction on the walk: where it is, what it needs, and where control may go from there.

    `pointer` is the address of a pointer that it goes through, 0 for none.
    """

    address: int
    features: frozenset[str]
    targets: tuple[int, ...]
    pointer: int = 0


#: The bytes of a section and their address, an address therein -> that instruction.
Read = Callable[[bytes, int, int], Step]


def walk(code: Code, starts: Iterable[int], read: Read) -> dict[int, Step]:
    """Every instruction that the code at `starts` can reach, by its address."""
    found: dict[int, Step] = {}
    waiting = list(starts)
    while waiting:
        address = waiting.pop()
        section = code.at(address)
        if section is not None and address not in found:
            step = found[address] = read(section.data, section.address, address)
            waiting += [*step.targets, code.pointers.get(step.pointer, 0)]
    return found
