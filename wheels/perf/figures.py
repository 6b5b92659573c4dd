"""What is counted, what was counted when it was stored, and what is too much more than that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wheels.perf.callgrind import Part

STORED = Path(__file__).with_name("stored.json")
ALLOWED = 0.05
Parts = Mapping[str, Mapping[str, Part]]


@dataclass(frozen=True)
class Figure:
    """The instructions up to a mark of a program of counted_script.py, less those up to another."""

    name: str
    program: str
    mark: str
    less: str = ""
    #: Whether Python itself makes most of it: then it is compared only with the same Python's.
    of_python: bool = False

    def count(self, parts: Parts) -> int:
        """The instructions."""
        own = parts[self.program]
        return own[self.mark].instructions - (own[self.less].instructions if self.less else 0)

    def functions(self, parts: Parts) -> Counter[str]:
        """The same by function."""
        own = parts[self.program]
        counted = own[self.mark].functions()
        if self.less:
            counted.subtract(own[self.less].functions())
        return counted


FIGURES = (
    Figure("log-mel spectrogram, 11 s", "encoded", "spectrogram"),
    Figure("encoder, 32 frames", "encoded", "encoder", less="little"),
    Figure("greedy, 12 tokens", "greedy", "more", less="few"),
    Figure("a prompt of 8 tokens", "greedy", "prompted", less="few"),
    Figure("5 beams, 4 steps", "beams", "more", less="few"),
    Figure("import pywhispercpp", "imported", "import", of_python=True),
)


@dataclass(frozen=True)
class Counted:
    """Instructions by figure, and what they were made with: the wheel's compiler, Python."""

    instructions: Mapping[str, int]
    facts: Mapping[str, str]

    @classmethod
    def of(cls, parts: Parts, facts: Mapping[str, str]) -> Counted:
        """What was counted just now."""
        return cls({figure.name: figure.count(parts) for figure in FIGURES}, facts)

    @classmethod
    def read(cls, file: Path) -> Counted:
        """What was stored; nothing where there is no file yet."""
        if not file.is_file():
            return cls({}, {})
        data = json.loads(file.read_text(encoding="utf-8"))
        return cls(data["instructions"], data["made_with"])

    def write(self, file: Path) -> None:
        """Store it."""
        data = {"made_with": dict(self.facts), "instructions": dict(self.instructions)}
        file.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """One figure against what was stored; `stored` is 0 where there is nothing to compare it with."""

    figure: Figure
    stored: int
    now: int

    @property
    def change(self) -> float:
        """How much more there is now, of 1."""
        return self.now / self.stored - 1 if self.stored else 0.0

    @property
    def verdict(self) -> str:
        """In words, empty where all is well."""
        if not self.stored:
            return "not compared"
        if self.now > self.stored * (1 + ALLOWED):
            return "TOO MANY"
        return "fewer: store it" if self.now < self.stored * (1 - ALLOWED) else ""

    def __str__(self) -> str:
        """As it stands in the table."""
        stored, change = (f"{self.stored:,}", f"{100 * self.change:+.2f}%") if self.stored else ("-", "-")
        return f"{self.figure.name:<28}{stored:>16}{self.now:>16,}{change:>10}  {self.verdict}".rstrip()


def compare(stored: Counted, now: Counted) -> list[Row]:
    """Every figure that was counted against the stored one; Python's own only with the same Python's."""
    same_python = stored.facts.get("python") == now.facts["python"]
    rows = []
    for figure in (figure for figure in FIGURES if figure.name in now.instructions):
        is_comparable = same_python or not figure.of_python
        known = stored.instructions.get(figure.name, 0) if is_comparable else 0
        rows.append(Row(figure, known, now.instructions[figure.name]))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The figures, stored and now."""
    head = f"{'instructions':<28}{'stored':>16}{'now':>16}{'change':>10}"
    return "\n".join([head, *map(str, rows)])


def top(functions: Counter[str], most: int = 12) -> str:
    """The functions that do most of it."""
    total = sum(functions.values())
    return "\n".join(
        f"{count:>16,} {100 * count / total:5.1f}%  {name[:90]}"
        for name, count in functions.most_common(most)
    )
