"""Writes docs/performance.md, and its plot, out of what the other benchmarks kept in docs/performance/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.pins import CTRANSLATE2, ROOT
from wheels.bench import felt, goals, levers, peers, plot, records
from wheels.bench.grid import grid
from wheels.bench.records import Case, Kept, Record

__all__ = ["PAGE", "markdown", "run"]

PAGE = ROOT / "docs" / "performance.md"
_HEAD = """\
<!-- Written by `nox -s bench -- report` out of docs/performance/*.json: measure, and write it anew. -->

# How fast it is

Against other packages, on the same machine at the same time, with the same weights ([how](benchmarks.md)).
Each row is a process that has its model loaded; in a round each works once, on as many cores as it has
threads. Nobody tries a second time or is told the text of earlier windows. `x` is how many times faster
than that peer: the median over the rounds, by the clock and, in brackets, by CPU time. WER: wrong words
after OpenAI's rules. MB: the most memory, with the model. `long` is 160 s of sonnets, hard for small
models; `short` are 20 utterances of 1.5 to 8 s, one after another.
"""
_GOALS = """\
## The goals

Greedy, {threads} threads. Taken is the fastest of our rows, with OpenVINO and without, whose word error
rate is not more than 0.2 points above the peer's. `WER` is that difference over all three, in points and in
words: a single word is 4.5 points of jfk and 0.28 of `long`.

{table}

![How many times faster than {yardstick}](performance/peers.svg)
"""
_LEVERS = """\
## What each speed-up buys

`Model(optimize=…)` switches them ([Python](api.md)). `takes` is the time as a share of the first
row's, round by round: 1.10 says that without it everything takes a tenth longer; on a shared machine a few
hundredths are noise. `rest` is the spectrogram, the prompt of earlier text, sampling and Python. Below them
is what is an option besides. `text`: whether it is that of the first row.
"""


def markdown(folder: Path) -> str:
    """The page for what is in a folder."""
    kept = records.load(folder / peers.FILE.name)
    parts = [_HEAD, _goals(kept), _peers(kept)] if kept.records else [_HEAD]
    switched = records.load(folder / levers.FILE.name)
    if switched.records:
        parts.append(_levers(switched))
    if felt_rows := felt.load(folder / "feel.json"):
        parts.append(f"## What a user feels\n\n{felt.markdown(felt_rows)}")
    return "\n".join(parts)


def _goals(kept: Kept) -> str:
    table = goals.table(kept, list(CTRANSLATE2))
    return _GOALS.format(threads=goals.THREADS, table=table, yardstick=peers.FASTER_INT8)


def _peers(kept: Kept) -> str:
    return "\n".join(["## Against other packages\n", *_tables(kept, peers.table), _runs(kept)])


def _tables(kept: Kept, table: Callable[[list[Record]], str]) -> list[str]:
    cases = sorted(kept.cases(), key=_order)
    return [f"### {case}\n\n{table(list(kept.of(case).values()))}\n" for case in cases]


def _order(case: Case) -> tuple[object, ...]:
    return (
        list(CTRANSLATE2).index(case.model),
        -case.threads,
        not case.strategy.startswith("greedy"),
        case.strategy,
        case.audio,
    )


def _levers(kept: Kept) -> str:
    return "\n".join([_LEVERS, *_tables(kept, levers.table), _runs(kept)])


def _runs(kept: Kept) -> str:
    """On what it ran, with which wheel, when, and how busy the machine was."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for date, run in sorted(kept.runs.items()):
        found.setdefault((run.machine, run.wheel), []).append((date.partition(" ")[0], run.load))
    rows = []
    for who, runs in found.items():
        (*_, last), loads = zip(*runs)
        rows.append([*who, last, f"{min(loads)}-{max(loads)}"])
    return grid(["machine", "our wheel", "day", "load"], rows) + "\n"


def run() -> None:
    """Write the page and the plot."""
    kept = records.load(peers.FILE)
    cases = [case for case in kept.cases() if (case.threads, case.strategy) == (goals.THREADS, "greedy")]
    plot.draw(kept, cases, peers.FASTER_INT8, records.FOLDER / "peers.svg")
    PAGE.write_text(markdown(records.FOLDER), encoding="utf-8")
    print(f"{PAGE}\n\n{goals.table(kept, list(CTRANSLATE2))}")
