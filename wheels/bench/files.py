"""How fast whole files are transcribed, and how well: jfk.wav and two and a half minutes of LibriVox.

All decode greedily without a second try and without the text of earlier windows, with the same weights and as
many threads. The file is decoded before the clock starts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from scripts import wav
from scripts.fetch_speech import LONG
from scripts.fetch_speech import fetch as fetch_speech
from wheels.bench import machine, words
from wheels.bench.rounds import interleave, spread, times_faster
from wheels.bench.setups import GREEDY, Setups
from wheels.bench.worker import Answer, Setup, Worker, start

JFK_SAYS = (
    "And so, my fellow Americans: ask not what your country can do for you, "
    "ask what you can do for your country."
)


def rows(setups: Setups) -> list[Setup]:
    """What is compared, the yardstick first."""
    return [
        setups.upstream("pywhispercpp 1.5.1 of the index", GREEDY),
        setups.faster_whisper("faster-whisper, int8"),
        setups.ours("ggml f16", "ggml", GREEDY),
        setups.ours("ggml q8_0", "ggml", GREEDY, kind="q8_0"),
        setups.ours("OpenVINO", "openvino", GREEDY),
    ]


def references(jfk: Path) -> dict[Path, str]:
    """The files and what is said in them."""
    long = fetch_speech() / LONG
    return {jfk: JFK_SAYS, long: long.with_suffix(".txt").read_text(encoding="utf-8")}


def measure(workers: Sequence[Worker], audio: Path, rounds: int) -> list[list[Answer]]:
    """The answers of each worker, one a round."""
    runs: list[Callable[[], Answer]] = [partial(worker.ask, audio) for worker in workers]
    return interleave(runs, rounds)


def table(audio: Path, said: str, labels: Sequence[str], results: Sequence[Sequence[Answer]]) -> str:
    """Medians, how many times faster than the first row, and wrong words."""
    seconds = wav.seconds([wav.read(audio)])
    head = f"{f'{audio.name}, {seconds:.0f} s':<34}{'total':>10}{'quartiles':>16}"
    lines = [f"{head}{'times faster':>14}{'by CPU time':>13}{'real time':>11}{'WER':>9}"]
    total, cpu = ([[float(a[what]) for a in answers] for answers in results] for what in ("total", "cpu"))
    for label, own, busy, answers in zip(labels, total, cpu, results):
        took, faster = spread(own), times_faster(total[0], own).middle
        wrong = 100 * words.compare(said, answers[-1]["text"]).rate
        lines.append(
            f"{label:<34}{took.middle:8.2f} s{f'{took.low:.2f}-{took.high:.2f}':>16}"
            f"{faster:>14.2f}{times_faster(cpu[0], busy).middle:>13.2f}"
            f"{seconds / took.middle:>10.1f}x{wrong:>8.2f}%"
        )
    return "\n".join(lines)


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Print a table for each file."""
    chosen = rows(setups)
    print(f"\n{setups.model}, medians of {given.rounds} interleaved rounds", flush=True)
    for audio, said in references(given.audio).items():
        with ExitStack() as stack:
            workers = [stack.enter_context(start(setup, setups.threads)) for setup in chosen]
            results = measure(workers, audio, given.rounds)
        print(f"\n{table(audio, said, [setup.label for setup in chosen], results)}", flush=True)
    print(f"\n{machine.describe(setups.threads)}")
