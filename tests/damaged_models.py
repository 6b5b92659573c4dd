"""Damages ggml model files in the numbers that a loader believes; the same number is the same damage."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

__all__ = ["Structure", "vad_structure", "whisper_structure"]

Bytes = bytearray
_ELEMENT = {0: 4, 1: 2}  # bytes of an element by type: f32, f16

# What sizes and counts are damaged to, besides any number at all.
_NUMBERS = (
    *(
        0,
        1,
        -1,
        2,
        -2,
        3,
        4,
        6,
        7,
        12,
        24,
        32,
        33,
        64,
        65,
        80,
        127,
        128,
        255,
        256,
        448,
        449,
        1024,
        1500,
        1501,
    ),
    *(4096, 51863, 51864, 51865, 51866, 51867, 65535, 65536),
    *(2**20, 2**24, 2**28, 2**30, 2**31 - 1, -(2**31)),
)


@dataclass(frozen=True)
class Structure:
    """A good file and where in it numbers and names stand, by the part that they belong to."""

    good: bytes
    fields: tuple[tuple[str, int], ...]

    def damaged(self, number: int) -> tuple[str, bytes]:
        """The damaged file of that number, and what was done to it."""
        source = random.Random(f"loader {number}")
        how = source.choice(
            [self._field] * 6 + [self._bits, self._cut, self._insert, self._delete, self._tail]
        )
        bad = bytearray(self.good)
        return f"{number}: {how(bad, source)}", bytes(bad)

    def _field(self, bad: Bytes, source: random.Random) -> str:
        """Give some numbers of one part other values."""
        part = source.choice(sorted({name for name, _ in self.fields}))
        places = [at for name, at in self.fields if name == part]
        done = []
        for at in source.choices(places, k=source.choice([1, 1, 1, 2, 3])):
            value = source.choice(_NUMBERS) if source.random() < 0.7 else source.randrange(-(2**31), 2**31)
            struct.pack_into("<i", bad, at, value)
            done.append(f"{value} at {at}")
        return f"{part}: {', '.join(done)}"

    def _bits(self, bad: Bytes, source: random.Random) -> str:
        for _ in range(source.randint(1, 4)):
            bad[self._place(source) + source.randrange(4)] ^= 1 << source.randrange(8)
        return "bits"

    def _cut(self, bad: Bytes, source: random.Random) -> str:
        at = (
            self._place(source) + source.randrange(20)
            if source.random() < 0.7
            else source.randrange(len(bad))
        )
        del bad[at:]
        return f"cut at {at}"

    def _insert(self, bad: Bytes, source: random.Random) -> str:
        at = self._place(source)
        bad[at:at] = source.randbytes(source.randint(1, 16))
        return f"insert at {at}"

    def _delete(self, bad: Bytes, source: random.Random) -> str:
        at = self._place(source)
        del bad[at : at + source.randint(1, 16)]
        return f"delete at {at}"

    def _tail(self, bad: Bytes, source: random.Random) -> str:
        bad += source.randbytes(source.randint(1, 40))
        return "tail"

    def _place(self, source: random.Random) -> int:
        return source.choice(self.fields)[1]


def whisper_structure(good: bytes) -> Structure:
    """Where the numbers of a Whisper model stand: header, mel filters, vocabulary, tensors."""
    fields = [("header", 4 + 4 * i) for i in range(11)] + [("filters", 48), ("filters", 52)]
    at = 56 + 4 * 80 * 201
    (count,) = struct.unpack_from("<i", good, at)
    fields.append(("vocabulary", at))
    at += 4
    for token in range(count):
        if token < 3 or token >= count - 3:
            fields.append(("token", at))
        at += 4 + struct.unpack_from("<i", good, at)[0]
    return Structure(good, (*fields, *_tensor_fields(good, at)))


def vad_structure(good: bytes) -> Structure:
    """Where the numbers of a VAD model stand: header and tensors."""
    (length,) = struct.unpack_from("<i", good, 4)
    header = [("header", 4), *(("header", 8 + length + 4 * i) for i in range(22))]
    return Structure(good, (*header, *_tensor_fields(good, 8 + length + 4 * 22)))


def _tensor_fields(good: bytes, at: int) -> list[tuple[str, int]]:
    fields = []
    while at < len(good):
        dimensions, length, kind = struct.unpack_from("<3i", good, at)
        names_at = at + 12 + 4 * dimensions
        fields += [("tensor", at + 4 * i) for i in range(3 + dimensions)] + [("name", names_at)]
        elements = 1
        for size in struct.unpack_from(f"<{dimensions}i", good, at + 12):
            elements *= size
        at = names_at + length + elements * _ELEMENT[kind]
    return fields
