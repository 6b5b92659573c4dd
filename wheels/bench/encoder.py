"""How fast each encoder is: time of one window at two audio contexts, against ggml as upstream builds it.

Compared is whisper.cpp's own `encode time`: convolutions, encoder, and cross attention's keys and values; no
log-mel spectrogram, no decoding. OpenVINO's encoder takes the place of ggml's in the same sum.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from scripts.errors import BuildError
from wheels.bench import machine
from wheels.bench.rounds import interleave, spread, times_faster
from wheels.bench.setups import Setups
from wheels.bench.worker import Setup, Worker, start

CONTEXTS = (1500, 512)
#: One window, and as little decoding as can be.
ONE_TOKEN = {"single_segment": True, "no_timestamps": True, "max_tokens": 1, "temperature_inc": 0.0}


def rows(setups: Setups) -> list[Setup]:
    """What is compared, the yardstick first."""
    found = [
        setups.upstream("ggml f16, pywhispercpp 1.5.1 compiled here", ONE_TOKEN, compiled=True),
        setups.upstream("ggml f16, pywhispercpp 1.5.1 of the index", ONE_TOKEN),
        setups.ours("ggml f16", "ggml", ONE_TOKEN),
        setups.ours("ggml q8_0", "ggml", ONE_TOKEN, kind="q8_0"),
        setups.ours("OpenVINO f32", "f32", ONE_TOKEN),
    ]
    if machine.has_bf16():
        found.append(setups.ours("OpenVINO bf16", "bf16", ONE_TOKEN))
    return found


def _seconds(worker: Worker, audio: Path, context: int) -> float:
    answer = worker.ask(audio, audio_ctx=context)
    if answer["encodes"] != 1:
        raise BuildError(f"{worker.setup.label} encoded {answer['encodes']} windows of {audio}, not one")
    return float(answer["encode"])


def measure(workers: Sequence[Worker], audio: Path, rounds: int) -> dict[int, list[list[float]]]:
    """Seconds of one window, for each context and worker one a round; contexts take turns too."""
    pairs = [(context, worker) for context in CONTEXTS for worker in workers]
    runs: list[Callable[[], float]] = [partial(_seconds, worker, audio, context) for context, worker in pairs]
    results = interleave(runs, rounds)
    return {
        context: [kept for (own, _), kept in zip(pairs, results) if own == context] for context in CONTEXTS
    }


def table(labels: Sequence[str], context: int, seconds: Sequence[Sequence[float]]) -> str:
    """Medians, and how many times faster than the first row, each with its quartiles."""
    lines = [
        f"{f'audio_ctx {context}':<44}{'encode':>10}{'quartiles':>16}{'times faster':>14}{'quartiles':>14}"
    ]
    for label, own in zip(labels, seconds):
        took, faster = spread(own), times_faster(seconds[0], own)
        lines.append(
            f"{label:<44}{took.middle * 1000:7.0f} ms{f'{took.low * 1000:.0f}-{took.high * 1000:.0f}':>16}"
            f"{faster.middle:>14.2f}{f'{faster.low:.2f}-{faster.high:.2f}':>14}"
        )
    return "\n".join(lines)


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Print a table for each context."""
    chosen = rows(setups)
    with ExitStack() as stack:
        workers = [stack.enter_context(start(setup, setups.threads)) for setup in chosen]
        results = measure(workers, given.audio, given.rounds)
    print(f"\n{setups.model}, one window, medians of {given.rounds} interleaved rounds")
    for context, seconds in results.items():
        print(f"\n{table([setup.label for setup in chosen], context, seconds)}")
    print(f"\n{machine.describe(setups.threads)}")
