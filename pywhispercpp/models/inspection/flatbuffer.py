"""Tables of a flatbuffer, every offset of which is looked at before it is followed.

The classes that flatbuffers generates trust the file: a wrong length makes them run for hours, and a wrong
offset leads anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pywhispercpp.models.inspection.byte_reader import ByteReader

__all__ = ["Budget", "Table", "root"]

_TABLE = 256  # what reading a table costs of the budget; texts and numbers cost their bytes
_LEAST, _FOR_EACH_BYTE, _MOST = (
    1 << 20,
    16,
    64 << 20,
)  # the budget: of a real model's, a few hundredths are used
_MOST_FIELDS = 32


@dataclass
class Budget:
    """How much may still be read: a damaged file can name one table or text a million times."""

    left: int

    def spend(self, file: ByteReader, cost: int, at: int) -> None:
        """Take `cost` off; ModelError when nothing is left."""
        self.left -= cost
        if self.left < 0:
            raise file.error("more tables, texts and numbers than any model has", at)


@dataclass(frozen=True)
class Table:
    """A table at byte `at`; `vtable` tells where its fields are, counted from there; 0 for none."""

    file: ByteReader
    at: int
    vtable: tuple[int, ...]
    part: str
    budget: Budget

    def number(self, field: int, layout: str, default: int = 0) -> int:
        """A field that is a number, `layout` as struct has it."""
        where = self._where(field)
        return default if where is None else self.file.numbers(where, layout, f"a field of {self.part}")[0]

    def text(self, field: int) -> str:
        """A field that is a string; empty where it is left out."""
        at, length = self._vector(field, 1)
        self.budget.spend(self.file, length, at)
        return self.file.take(at, length, f"a text of {self.part}").decode("utf-8", "backslashreplace")

    def place(self, field: int) -> tuple[int, int]:
        """Byte and length of a field that is a vector of bytes, which are not read."""
        return self._vector(field, 1)

    def numbers(self, field: int) -> tuple[int, ...]:
        """A field that is a vector of 32-bit numbers."""
        at, length = self._vector(field, 4)
        self.budget.spend(self.file, 4 * length, at)
        return self.file.numbers(at, f"<{length}i", f"a list of {self.part}")

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return self._where(field) is not None

    def tables(self, field: int, part: str) -> Iterator[Table]:
        """A field that is a vector of tables, each called `part` and its number in messages."""
        at, length = self._vector(field, 4)
        for index in range(length):
            place = at + 4 * index
            (offset,) = self.file.numbers(place, "<I", f"the list of each {part}")
            yield _table(self.file, place + offset, f"{part} {index}", self.budget)

    def _where(self, field: int) -> int | None:
        offset = self.vtable[field] if field < len(self.vtable) else 0
        return self.at + offset if offset else None

    def _vector(self, field: int, width: int) -> tuple[int, int]:
        """Where a vector's first element is, and how many there are."""
        where = self._where(field)
        if where is None:
            return 0, 0
        part = f"a list of {self.part}"
        start = where + self.file.numbers(where, "<I", part)[0]
        (length,) = self.file.numbers(start, "<I", part)
        if length * width > self.file.size - start - 4:
            words = f"{length * width} bytes needed, {self.file.size - start - 4} left"
            raise self.file.error(f"the file ends inside {part}: {words}", start)
        return start + 4, length


def root(file: ByteReader, part: str) -> Table:
    """The table that the file begins with."""
    budget = Budget(min(_LEAST + _FOR_EACH_BYTE * file.size, _MOST))
    return _table(file, file.numbers(0, "<I", "the file's head")[0], part, budget)


def _table(file: ByteReader, at: int, part: str, budget: Budget) -> Table:
    budget.spend(file, _TABLE, at)
    (back,) = file.numbers(at, "<i", part)
    size, _ = file.numbers(at - back, "<2H", f"the fields of {part}")
    if size < 4 or size % 2:
        raise file.error(f"{part} has a list of fields of {size} bytes", at - back)
    count = min(size // 2 - 2, _MOST_FIELDS)
    fields = file.numbers(at - back + 4, f"<{count}H", f"the fields of {part}")
    return Table(file, at, fields, part, budget)
