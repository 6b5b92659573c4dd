"""What was measured, kept as JSON: a later run replaces what it measures again, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from scripts.pins import ROOT
from wheels.bench import machine
from wheels.bench.rounds import Spread, spread, times_faster
from wheels.bench.tasks import Task, Took
from wheels.bench.words import Errors

__all__ = ["FOLDER", "Case", "Kept", "Record", "Run", "load", "now", "of", "save", "with_new"]

FOLDER = ROOT / "docs" / "performance"


@dataclass(frozen=True)
class Run:
    """With what and on which machine: rows of one run were interleaved, and no others."""

    machine: str
    load: float
    wheel: str

    @classmethod
    def of(cls, wheel: Path) -> Run:
        """A run that ends now, with this wheel as ours."""
        name = f"{wheel.name}, sha256 {hashlib.sha256(wheel.read_bytes()).hexdigest()[:12]}"
        return cls(machine.hardware(), round(machine.load(), 1), name)


@dataclass(frozen=True)
class Case:
    """What was done: rows of one table have it in common."""

    model: str
    threads: int
    strategy: str
    audio: str

    def __str__(self) -> str:
        """As it stands above a table."""
        threads = f"{self.threads} thread{'s' * (self.threads != 1)}"
        return f"{self.model}, {self.audio}, {self.strategy}, {threads}"


@dataclass(frozen=True)
class Record:
    """One row: seconds and CPU seconds of each round, medians of the steps, wrong words, the most memory."""

    case: Case
    row: str
    run: str
    seconds: float
    total: list[float]
    cpu: list[float]
    steps: dict[str, float]
    peak: int
    errors: Errors
    digest: str

    @property
    def key(self) -> tuple[object, ...]:
        """What a later run of the same replaces."""
        return (*asdict(self.case).values(), self.row)

    @property
    def took(self) -> Spread:
        """Seconds."""
        return spread(self.total)

    def faster(self, than: Record) -> tuple[float, float]:
        """How many times faster than another row, by the clock and by CPU time.

        Round by round where they were in one run; by their medians where not.
        """
        pairs = ((than.total, self.total), (than.cpu, self.cpu))
        if self.run == than.run:
            clock, cpu = (times_faster(first, own).middle for first, own in pairs)
        else:
            clock, cpu = (median(first) / median(own) for first, own in pairs)
        return clock, cpu


@dataclass(frozen=True)
class Kept:
    """All that a file holds; runs by when they ended."""

    runs: dict[str, Run] = field(default_factory=dict)
    records: tuple[Record, ...] = ()

    def cases(self) -> list[Case]:
        """What tables there are, in the order of the file."""
        return list(dict.fromkeys(record.case for record in self.records))

    def of(self, case: Case) -> dict[str, Record]:
        """The rows of one table."""
        return {record.row: record for record in self.records if record.case == case}


def of(case: Case, row: str, run: str, task: Task, took: Sequence[Took]) -> Record:
    """One row, of what was measured."""
    return Record(
        case,
        row,
        run,
        round(task.seconds, 2),
        [round(one.total, 4) for one in took],
        [round(one.cpu, 4) for one in took],
        {name: round(median(one.steps[name] for one in took), 4) for name in took[-1].steps},
        took[-1].peak,
        took[-1].errors(task),
        took[-1].digest,
    )


def now() -> str:
    """The name of a run that ends now."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def with_new(kept: Kept, run: Run, records: Sequence[Record], whole: bool = False) -> Kept:
    """What is kept after a run: its records in the places of old ones, or behind them.

    whole: other rows of the same cases go.
    """
    cases = {record.case for record in records} if whole else ()
    by_key = {record.key: record for record in kept.records if record.case not in cases}
    by_key.update({record.key: record for record in records})
    runs = {**kept.runs, records[0].run: run}
    used = {record.run for record in by_key.values()}
    return Kept({name: run for name, run in runs.items() if name in used}, tuple(by_key.values()))


def load(file: Path) -> Kept:
    """Read a file; nothing where there is none."""
    if not file.is_file():
        return Kept()
    data = json.loads(file.read_text(encoding="utf-8"))
    runs = {name: Run(**run) for name, run in data["runs"].items()}
    return Kept(runs, tuple(_record(one) for one in data["records"]))


def _record(data: dict[str, Any]) -> Record:
    return Record(**{**data, "case": Case(**data["case"]), "errors": Errors(**data["errors"])})


def save(file: Path, kept: Kept) -> None:
    """Write a file, a record a line."""
    runs = json.dumps({name: asdict(run) for name, run in kept.runs.items()}, indent=1)
    records = ",\n".join(json.dumps(asdict(record)) for record in kept.records)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(f'{{"runs": {runs},\n"records": [\n{records}\n]}}\n', encoding="utf-8")
    part.replace(file)
