"""Against other packages: the same weights and threads, greedy and with five beams, short and long speech.

Nobody tries a second time or is told the text of earlier windows. Files are decoded before the clock starts.
Results go into docs/performance/peers.json, each in the place of an older one of the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from pathlib import Path

from scripts.pins import CTRANSLATE2
from wheels.bench import machine, records, tasks
from wheels.bench.grid import grid
from wheels.bench.records import Case, Record
from wheels.bench.setups import GREEDY, Setups
from wheels.bench.worker import Setup, start

__all__ = ["FASTER_INT8", "GGML", "INDEX", "OPENVINO", "PEERS", "ROWS", "add_arguments", "run", "table"]

INDEX, FASTER_INT8 = "pywhispercpp 1.5.1 of the index", "faster-whisper, int8"
FASTER_FLOAT32, OPENAI = "faster-whisper, float32", "openai-whisper"
PEERS = {INDEX: "index", FASTER_INT8: "f-w int8", FASTER_FLOAT32: "f-w float32", OPENAI: "openai"}
GGML = ("ggml f16", "ggml q8_0", "ggml bf16", "ggml bf16, audio_ctx auto")
OPENVINO = ("OpenVINO", "OpenVINO, audio_ctx auto")
FILE = records.FOLDER / "peers.json"
BEAMS = 5
STRATEGIES = ("greedy", f"beam-{BEAMS}")
_AUTO = {**GREEDY, "audio_ctx": "auto"}

#: What is compared, by the word for it on the command line.
ROWS: dict[str, Callable[[Setups], Setup]] = {
    "index": lambda setups: setups.upstream(INDEX, GREEDY),
    "faster-int8": lambda setups: setups.faster_whisper(FASTER_INT8),
    "faster-float32": lambda setups: setups.faster_whisper(FASTER_FLOAT32, "float32"),
    "openai": lambda setups: setups.openai_whisper(OPENAI),
    "f16": lambda setups: setups.ours(GGML[0], "ggml", GREEDY),
    "q8_0": lambda setups: setups.ours(GGML[1], "ggml", GREEDY, kind="q8_0"),
    "bf16": lambda setups: setups.ours(GGML[2], "ggml-bf16", GREEDY),
    "bf16-auto": lambda setups: setups.ours(GGML[3], "ggml-bf16", _AUTO),
    "openvino": lambda setups: setups.ours(OPENVINO[0], "openvino", GREEDY),
    "openvino-auto": lambda setups: setups.ours(OPENVINO[1], "openvino", _AUTO),
}
_WHISPER_CPP = {*GGML, *OPENVINO, INDEX}
#: What keeps every package to AVX2 on a newer CPU; ours has the code for it in a portable wheel. The index's
#: wheel has one code for all.
AVX2 = {
    "PYWHISPERCPP_CPU_VARIANT": "haswell",
    "CT2_FORCE_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which part of all to measure."""
    some(parser, "--models", list(CTRANSLATE2))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    some(parser, "--strategies", STRATEGIES)
    some(parser, "--audios", tasks.NAMES)
    some(parser, "--rows", list(ROWS))
    parser.add_argument(
        "--avx2", action="store_true", help="keep all to AVX2; --wheel must be a portable one"
    )
    parser.add_argument("--results", type=Path, default=FILE, metavar="FILE", help=f"default: {FILE}")


def some(parser: argparse.ArgumentParser, name: str, known: Sequence[str]) -> None:
    """An argument that takes some of the known words; all when it is left out."""
    parser.add_argument(name, nargs="+", choices=known, default=list(known), metavar="X")


def decoding(setup: Setup, strategy: str) -> Setup:
    """The same row, greedy or with five beams."""
    if strategy == STRATEGIES[0]:
        return setup
    if setup.label not in _WHISPER_CPP:
        return replace(setup, options={**setup.options, "beam_size": BEAMS})
    beams = {"beam_search": {"beam_size": BEAMS, "patience": -1.0}}
    settings = {**setup.settings, "params_sampling_strategy": 1}
    return replace(setup, settings=settings, options={**setup.options, **beams})


def measure(
    setups: Sequence[Setup], case: Case, chosen: Sequence[tasks.Task], rounds: int, first: Path
) -> Iterator[list[Record]]:
    """The rows of a table for each task, in whose cases `audio` is the task's name.

    first: a short file, which all transcribe before anything is measured.
    """
    with ExitStack() as stack:
        workers = [stack.enter_context(start(setup, case.threads)) for setup in setups]
        for worker in workers:
            worker.ask(first)
        for task in chosen:
            took = tasks.measure(workers, task, rounds)
            own, name = replace(case, audio=task.name), records.now()
            yield [records.of(own, setup.label, name, task, each) for setup, each in zip(setups, took)]


def table(rows: Sequence[Record]) -> str:
    """Medians, how many times faster than each peer (by CPU time), wrong words and memory."""
    peers = {row.row: row for row in in_order(rows) if row.row in PEERS}
    heads = [f"x {PEERS[name]} (CPU)" for name in peers]
    head = ["", "seconds", "quartiles", "real time", *heads, "WER", "MB"]
    return grid(head, [_cells(row, list(peers.values())) for row in in_order(rows)])


def in_order(rows: Sequence[Record]) -> list[Record]:
    """Peers first, however the rows came together."""
    order = [*PEERS, *GGML, *OPENVINO]
    return sorted(rows, key=lambda row: order.index(row.row))


def _cells(row: Record, peers: Sequence[Record]) -> list[str]:
    took = row.took
    ratios = ["{:.2f} ({:.2f})".format(*row.faster(peer)) for peer in peers]
    return [
        row.row,
        f"{took.middle:.2f}",
        f"{took.low:.2f}-{took.high:.2f}",
        f"{row.seconds / took.middle:.0f}x",
        *ratios,
        f"{100 * row.errors.rate:.2f} %",
        f"{row.peak / 1e6:.0f}",
    ]


def run(wheel: Path, python: Path, given: argparse.Namespace) -> None:
    """Print a table for each case; keep what was measured."""
    chosen = [tasks.make(name, given.audio) for name in given.audios]
    for model, threads, strategy in product(given.models, given.threads, given.strategies):
        setups = Setups(wheel, python, model, threads)
        rows = [decoding(ROWS[name](setups), strategy) for name in given.rows]
        if given.avx2:
            rows = [replace(row, environment={**row.environment, **AVX2}) for row in rows]
            strategy = f"{strategy}, AVX2"
        for own in measure(rows, Case(model, threads, strategy, ""), chosen, given.rounds, given.audio):
            keep(given.results, wheel, own)
            print(f"\n{table(own)}\n\n{machine.describe(threads)}", flush=True)


def keep(file: Path, wheel: Path, rows: Sequence[Record], whole: bool = False) -> None:
    """Put what was measured into a file, and say what it is."""
    records.save(file, records.with_new(records.load(file), records.Run.of(wheel), rows, whole))
    print(f"\n{rows[0].case}: medians of {len(rows[0].total)} rounds", flush=True)
