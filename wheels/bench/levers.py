"""What each speed-up buys: all of them, all but one, none; and what is an option besides.

Greedy, jfk.wav and the long file, with the text of earlier windows as a prompt. `takes` is the time as a
share of the first row's, round by round: so much it costs not to have it. Results go into
docs/performance/levers.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from scripts.pins import CTRANSLATE2
from wheels.bench import machine, peers, records, tasks
from wheels.bench.grid import grid
from wheels.bench.records import Case, Record
from wheels.bench.setups import GREEDY, Setups
from wheels.bench.worker import Setup

__all__ = ["FILE", "add_arguments", "options", "run", "switches", "table"]

FILE = records.FOLDER / "levers.json"
ENCODERS = {"ggml": "ggml", "openvino": "OpenVINO"}
ALL = "all"
OPTIONS = {name: value for name, value in GREEDY.items() if name != "n_max_text_ctx"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which part of all to measure."""
    peers.some(parser, "--models", list(CTRANSLATE2))
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    peers.some(parser, "--audios", ("jfk", "long"))
    peers.some(parser, "--encoders", list(ENCODERS))
    parser.add_argument("--results", type=Path, default=FILE, metavar="FILE", help=f"default: {FILE}")


def switches(names: Sequence[str]) -> list[str]:
    """What `optimize` is set to, row by row."""
    return [ALL, *(f"{ALL},-{name}" for name in names), "none"]


def rows(setups: Setups, encoder: str, names: Sequence[str]) -> list[Setup]:
    """All speed-ups first, then all but one and none, then what is an option besides."""
    first = setups.ours(ALL, encoder, OPTIONS)
    switched = [
        replace(first, label=_words(value), settings={**first.settings, "optimize": value})
        for value in switches(names)
    ]
    return [*switched, *options(setups, encoder)]


def _words(value: str) -> str:
    return value.replace(f"{ALL},-", "without ") if "," in value else value


def options(setups: Setups, encoder: str) -> list[Setup]:
    """What Model() and transcribe() offer besides, one at a time."""
    own = setups.ours("n_threads 1", encoder, OPTIONS)
    return [
        setups.ours("weights q8_0", encoder, OPTIONS, kind="q8_0"),
        replace(own, label="audio_ctx auto", options={**OPTIONS, "audio_ctx": "auto"}),
        replace(own, label="vad", options={**OPTIONS, "vad": True}),
        replace(own, settings={**own.settings, "n_threads": 1}),
    ]


def table(rows: Sequence[Record]) -> str:
    """Seconds of all and of the steps, the share of the first row, wrong words, the text."""
    head = ["", "seconds", "encode", "decode", "rest", "takes", "by CPU time", "WER", "text"]
    return grid(head, [_cells(row, rows[0]) for row in rows])


def _cells(row: Record, first: Record) -> list[str]:
    clock, cpu = first.faster(row)
    encode, decode = row.steps["encode"], row.steps["decode"]
    took = row.took.middle
    return [
        row.row,
        *(f"{seconds:.3f}" for seconds in (took, encode, decode, took - encode - decode)),
        f"{clock:.2f}",
        f"{cpu:.2f}",
        f"{100 * row.errors.rate:.2f} %",
        "the same" if row.digest == first.digest else "another",
    ]


def run(wheel: Path, python: Path, given: argparse.Namespace) -> None:
    """Print a table for each model and file; keep what was measured."""
    chosen = [tasks.make(name, given.audio) for name in given.audios]
    for model, encoder in product(given.models, given.encoders):
        setups = Setups(wheel, python, model, given.threads)
        case = Case(model, given.threads, f"greedy, {ENCODERS[encoder]}", "")
        for own in peers.measure(
            rows(setups, encoder, setups.levers), case, chosen, given.rounds, given.audio
        ):
            peers.keep(given.results, wheel, own, whole=True)
            print(f"\n{table(own)}\n\n{machine.describe(given.threads)}", flush=True)
