"""Reads A64 code: each word of 32 bits is one instruction, and the tables of a64.py say who runs it."""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from wheels.isa import a64, a64_dispatch
from wheels.isa.reach import UNKNOWN, Step

_Row = tuple[int, int, str]

_BR_X17 = 0xD61F0220
# Mask and value of what never goes on: B; BR, RET and their kin, but not BLR; BRK, HLT and UDF.
_ENDS = (
    (0xFC000000, 0x14000000),
    (0xFFFFFC1F, 0xD61F0000),
    (0xFFFFFC1F, 0xD65F0000),
    (0xFFFFFBFF, 0xD65F0BFF),
    (0xFFE0001F, 0xD4200000),
    (0xFFE0001F, 0xD4400000),
    (0xFFFF0000, 0x00000000),
)
# Each sequence, and the offset of one marked word.
_MARKS = [
    (seq, i) for seq in a64_dispatch.SEQUENCES for i, word in enumerate(seq) if a64_dispatch.ASKED in word[2:]
]
_NEAR = max(len(sequence) for sequence in a64_dispatch.SEQUENCES)
# Mask, value, and where the signed distance in words lies: B and BL; B.cond; CBZ and CBNZ; TBZ and TBNZ.
_BRANCHES = (
    (0x7C000000, 0x14000000, (0, 26)),
    (0xFF000000, 0x54000000, (5, 19)),
    (0x7E000000, 0x34000000, (5, 19)),
    (0x7E000000, 0x36000000, (5, 14)),
)


def features_of(word: int) -> frozenset[str]:
    """What a CPU must have to run this instruction; nothing for one that every 64-bit Arm runs."""
    for mask, value, feature in _rows()[word >> 21]:
        if word & mask == value:
            return frozenset(feature.split("+")) if feature else frozenset()
    return frozenset({UNKNOWN})


def words_of(data: bytes) -> array[int]:
    """The instructions of a section, in its order; a rest of less than four bytes is none."""
    words = array("I", data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        words.byteswap()
    return words


def survey(data: bytes, address: int) -> dict[int, frozenset[str]]:
    """Where code needs more than every CPU has: address of one place per distinct word -> features."""
    words = words_of(data)
    needs = {word: features_of(word) for word in set(words)}
    # One place of each word, but not one behind a question: the same word may stand elsewhere without.
    last = {word: i for i, word in enumerate(words) if needs[word] and not _asked(words, i)}
    return {address + 4 * i: needs[word] for word, i in last.items()}


def step(data: bytes, address: int, place: int) -> Step:
    """One instruction of a section that begins at `address`, for a walk."""
    start = max(0, place - address - 4 * _NEAR)
    words = words_of(data[start : place - address + 4 * _NEAR])
    index = (place - address - start) // 4
    word = words[index]
    features = features_of(word)
    if features and _asked(words, index):
        features = frozenset()
    targets = [] if any(word & mask == value for mask, value in _ENDS) else [place + 4]
    targets += [place + 4 * _signed(word, *field) for mask, value, field in _BRANCHES if word & mask == value]
    return Step(place, features, tuple(targets), _pointer(words[:index], place) if word == _BR_X17 else 0)


def _pointer(before: Sequence[int], place: int) -> int:
    """The entry of the loader's table behind `adrp x16; ldr x17, [x16]; add x16; br x17`; 0 for others."""
    if len(before) < 3 or before[-3] & 0x9F00001F != 0x90000010 or before[-2] & 0xFFC003FF != 0xF9400211:
        return 0
    pages = _signed(before[-3], 5, 19) << 2 | before[-3] >> 29 & 3
    return ((place - 12 >> 12) + pages << 12) + (before[-2] >> 10 & 0xFFF) * 8


def describe(data: bytes, address: int, place: int) -> str:
    """The instruction at an address, in hexadecimal: what it does is for a disassembler to say."""
    return f"word {words_of(data[place - address : place - address + 4])[0]:08x}"


def _signed(word: int, low: int, width: int) -> int:
    """A signed field of a word."""
    value = word >> low & ((1 << width) - 1)
    return value - (1 << width) if value >> (width - 1) else value


def _asked(words: Sequence[int], place: int) -> bool:
    """Whether an instruction is part of a known sequence that asks the CPU, or the caller, before it."""
    return any(
        place >= offset
        and place - offset + len(sequence) <= len(words)
        and all(words[place - offset + i] & word[1] == word[0] for i, word in enumerate(sequence))
        for sequence, offset in _MARKS
    )


@cache
def _rows() -> list[list[_Row]]:
    """The tables by the top eleven bits of a word, so that few rows are left to compare."""
    buckets: list[list[_Row]] = [[] for _ in range(1 << 11)]
    tables = [("", a64.BASELINE), *a64.FEATURES.items(), *a64.REST.items()]
    for feature, pattern in ((feature, pattern) for feature, patterns in tables for pattern in patterns):
        for bits in expand(pattern):
            mask = int(bits.replace("0", "1").replace("x", "0"), 2)
            row = (mask, int(bits.replace("x", "0"), 2), feature)
            for top in product(*("01" if bit == "x" else bit for bit in bits[:11])):
                buckets[int("".join(top), 2)].append(row)
    return buckets


def expand(pattern: str) -> Iterator[str]:
    """The plain patterns of 32 characters that a row of a64.py stands for."""
    parts = re.split(r"\{([^}]*)\}", pattern.replace(" ", ""))
    for choice in product(*(part.split("|") if i % 2 else [part] for i, part in enumerate(parts))):
        bits = "".join(choice)
        if len(bits) != 32 or set(bits) - set("01x"):
            raise ValueError(f"{pattern!r} is not 32 bits of 0, 1 and x")
        yield bits
