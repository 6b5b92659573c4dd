"""What a user feels, as rows that are kept: a later run replaces the parts that it measures again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wheels.bench.rounds import spread

__all__ = ["Row", "load", "markdown", "merged", "of", "save"]

#: Each part of a run, in the order of the tables.
TITLES = {
    "start": "Start to end: a new process for jfk.wav",
    "import": "Import: a new process, less one that does nothing",
    "load": "Loading a model, in a new process",
    "memory": "Memory of one process",
    "build": "Building the wheel",
}
_PLACES = {"ms": 0, "s": 2, "MB": 0, "times": 2}


@dataclass(frozen=True)
class Row:
    """One line: the median in `unit`, its quartiles, of how many runs; `most`: the goal, if there is one."""

    part: str
    what: str
    unit: str
    median: float
    low: float
    high: float
    runs: int
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.most is None or self.median <= self.most


def of(part: str, what: str, unit: str, values: Sequence[float], most: float | None = None) -> Row:
    """The row of what was measured."""
    took = spread(values)
    middle, low, high = (round(value, 4) for value in (took.middle, took.low, took.high))
    return Row(part, what, unit, middle, low, high, len(values), most)


def merged(data: Mapping[str, Any], rows: Iterable[Row], machine: str) -> dict[str, Any]:
    """What is kept after a run: the parts that it has are those of `rows` alone."""
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    new = [{**asdict(row), "date": date, "machine": machine} for row in rows]
    again = {row["part"] for row in new}
    kept = [row for row in data.get("rows", ()) if row["part"] not in again]
    order = list(TITLES)
    return {
        "machine": machine,
        "date": date,
        "rows": sorted([*kept, *new], key=lambda row: order.index(row["part"])),
    }


def load(file: Path) -> dict[str, Any]:
    """Read a file; nothing where there is none."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def save(file: Path, data: Mapping[str, Any]) -> None:
    """Write a file, a row a line."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in data["rows"])
    head = "".join(f"{json.dumps(key)}: {json.dumps(data[key])},\n" for key in ("machine", "date"))
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(f'{{{head}"rows": [\n{rows}\n]}}\n', encoding="utf-8")
    part.replace(file)


def markdown(data: Mapping[str, Any]) -> str:
    """A table for each part that was measured, each with its machine and date."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in data["rows"]:
        found.setdefault(row["part"], []).append(row)
    return "\n".join(_table(TITLES[part], rows) for part, rows in found.items())


def _table(title: str, rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"**{title}**\n", "| | median | quartiles | runs | goal |", "| --- | ---: | ---: | ---: | --- |"]
    for given in rows:
        row = Row(**{name: value for name, value in given.items() if name not in ("date", "machine")})
        digits = _PLACES[row.unit]
        quartiles = f"{row.low:.{digits}f}-{row.high:.{digits}f}" if row.runs > 1 else ""
        shown = f"{row.median:,.{digits}f} {row.unit}"
        lines.append(f"| {row.what} | {shown} | {quartiles} | {row.runs} | {_goal(row)} |")
    return "\n".join([*lines, f"\n{rows[-1]['date']}, {rows[-1]['machine']}\n"])


def _goal(row: Row) -> str:
    if row.most is None:
        return ""
    return f"at most {row.most:g} {row.unit}: {'met' if row.is_met else '**not met**'}"
