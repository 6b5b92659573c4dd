"""How fast each encoder is: time of one window at two audio contexts, against ggml as upstream builds it.

Compared is whisper.cpp's own `encode time`: convolutions, encoder, and cross attention's keys and values; no
log-mel spectrogram, no decoding. OpenVINO's encoder takes the place of ggml's in the same sum. `by CPU time`
is of the whole call, with spectrogram and one token, and holds on a busy machine too.
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
from wheels.bench.worker import Answer, Setup, Worker, start

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


def _one_window(worker: Worker, audio: Path, context: int) -> Answer:
    answer = worker.ask(audio, audio_ctx=context)
    if answer["encodes"] != 1:
        raise BuildError(f"{worker.setup.label} encoded {answer['encodes']} windows of {audio}, not one")
    return answer


def measure(workers: Sequence[Worker], audio: Path, rounds: int) -> dict[int, list[list[Answer]]]:
    """The answers for one window, for each context and worker one a round; contexts take turns too."""
    pairs = [(context, worker) for context in CONTEXTS for worker in workers]
    runs: list[Callable[[], Answer]] = [
        partial(_one_window, worker, audio, context) for context, worker in pairs
    ]
    results = interleave(runs, rounds)
    return {
        context: [kept for (own, _), kept in zip(pairs, results) if own == context] for context in CONTEXTS
    }


def table(labels: Sequence[str], context: int, results: Sequence[Sequence[Answer]]) -> str:
    """Medians, and how many times faster than the first row, each with its quartiles."""
    head = f"{f'audio_ctx {context}':<44}{'encode':>10}{'quartiles':>14}{'times faster':>14}"
    lines = [f"{head}{'quartiles':>12}{'by CPU time':>13}"]
    encode, cpu = ([[float(a[what]) for a in answers] for answers in results] for what in ("encode", "cpu"))
    for label, own, busy in zip(labels, encode, cpu):
        took, faster = spread(own), times_faster(encode[0], own)
        lines.append(
            f"{label:<44}{took.middle * 1000:7.0f} ms{f'{took.low * 1000:.0f}-{took.high * 1000:.0f}':>14}"
            f"{faster.middle:>14.2f}{f'{faster.low:.2f}-{faster.high:.2f}':>12}"
            f"{times_faster(cpu[0], busy).middle:>13.2f}"
        )
    return "\n".join(lines)


def run(setups: Setups, given: argparse.Namespace) -> None:
    """Print a table for each context."""
    chosen = rows(setups)
    with ExitStack() as stack:
        workers = [stack.enter_context(start(setup, setups.threads)) for setup in chosen]
        results = measure(workers, given.audio, given.rounds)
    print(f"\n{setups.model}, one window, medians of {given.rounds} interleaved rounds")
    for context, answers in results.items():
        print(f"\n{table([setup.label for setup in chosen], context, answers)}")
    print(f"\n{machine.describe(setups.threads)}")
