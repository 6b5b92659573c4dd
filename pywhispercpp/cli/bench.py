"""`pywhispercpp bench`: what the steps of a transcription cost on this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp.atomic_file import check_target, writing
from pywhispercpp.cli.models.options import add_models_dir
from pywhispercpp.errors import UsageError

if TYPE_CHECKING:
    from pywhispercpp.benchmark import Note

__all__ = ["add_parser", "run"]

DESCRIPTION = """Measure, as upstream's whisper-bench does, what the steps of a transcription cost here:

  Enc.  ms of one run of the encoder (30 s of audio)
  Dec.  ms of one token, generated one after the other (256 of them)
  Bch5  ms of one token in batches of 5, as beam search and best-of decode (64 batches)
  PP    ms of one token of a prompt of 256 (16 prompts)

Several models, numbers of threads and backends give a row each. They are measured in turns, round
by round, and the median of the rounds is told."""

EPILOG = """examples:
  pywhispercpp bench
  pywhispercpp bench -m tiny.en -m base.en -t 1,2,4 --backend ggml,openvino
  pywhispercpp bench -m base.en --json -o here.json
  pywhispercpp bench --compare here.json there.json -o compared.svg
  pywhispercpp bench -w 2 -t 4 --sizes 512,1024
"""


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: whole numbers with commas between are needed: 1,2,4")
    return numbers


def _backends(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= {"ggml", "openvino"}:
        raise argparse.ArgumentTypeError(f"{text!r}: ggml, openvino or ggml,openvino is needed")
    return names


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "bench",
        help="measure what the steps of a transcription cost here",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    what = parser.add_argument_group("what is measured")
    what.add_argument(
        "-m",
        "--model",
        action="append",
        dest="models",
        metavar="MODEL",
        help="name or path of a model; may be given several times (default: base.en)",
    )
    add_models_dir(what)
    what.add_argument(
        "-t",
        "--n-threads",
        "--threads",
        type=_numbers,
        dest="threads",
        metavar="N,…",
        default=[min(4, os.cpu_count() or 1)],
        help="numbers of threads, with commas between (default: 4, or as many as there are cores)",
    )
    what.add_argument(
        "--backend",
        type=_backends,
        dest="backends",
        metavar="NAME,…",
        default=["ggml"],
        help="whose encoder: ggml, openvino or both, with a comma between",
    )
    what.add_argument(
        "-w",
        "--what",
        type=int,
        choices=(0, 1, 2),
        default=0,
        help="0 the steps of whisper, 1 memcpy, 2 products of matrices",
    )
    what.add_argument(
        "--sizes", type=_numbers, metavar="N,…", help="sizes of -w 2's matrices (default: 64,128,…,4096)"
    )
    what.add_argument("-r", "--rounds", type=int, default=3, help="how often each row is measured")
    _add_loading(parser.add_argument_group("how models are loaded"))
    _add_output(parser.add_argument_group("output"))
    parser.set_defaults(func=run)


def _add_loading(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-ng", "--no-gpu", action="store_true", help="use no GPU; no build of this package has one"
    )
    group.add_argument(
        "-fa", "--flash-attn", action="store_true", default=True, dest="flash_attn", help="flash attention"
    )
    group.add_argument(
        "-nfa",
        "--no-flash-attn",
        action="store_false",
        dest="flash_attn",
        help="no flash attention (default: off)",
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="JSON with every round, in place of the table")
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write there (default: standard output; of --compare benchmark.png)",
    )
    group.add_argument(
        "--compare",
        type=Path,
        nargs="+",
        metavar="FILE.json",
        help="measure nothing, draw what --json saved as .png, .svg or .pdf (default: measure)",
    )


def run(args: argparse.Namespace) -> int:
    """Measure and print, or draw what was measured."""
    if args.rounds < 1:
        raise UsageError(f"--rounds {args.rounds}: at least 1 is needed")
    if args.output is not None:
        check_target(args.output)  # before minutes of measuring
    if args.compare:
        return _compare(args.compare, args.output or Path("benchmark.png"))
    from pywhispercpp import benchmark

    results = (_steps, _memcpy, _mul_mat)[args.what](args)
    report = {"what": args.what, "machine": benchmark.machine(), "results": results}
    text = json.dumps(report, indent=2) if args.json else _words(report)
    if args.output is None:
        print(text)
    else:
        with writing(args.output) as file:
            file.write(text + "\n")
    return 0


def _compare(files: Sequence[Path], output: Path) -> int:
    from pywhispercpp import benchmark_plot

    benchmark_plot.draw([benchmark_plot.read(path) for path in files], output)
    print(output)
    return 0


def _steps(args: argparse.Namespace) -> list[dict[str, Any]]:
    from pywhispercpp import benchmark

    loading = {"use_gpu": not args.no_gpu, "flash_attn": args.flash_attn}
    with _noted() as note:
        found = benchmark.measure(
            args.models or ["base.en"], args.threads, args.backends, args.rounds,
            models_dir=args.models_dir, context_params=loading, note=note,
        )  # fmt: skip
    return [one.as_dict() for one in found]


def _memcpy(args: argparse.Namespace) -> list[dict[str, Any]]:
    from pywhispercpp import benchmark

    return [{"n_threads": n, "gb_per_s": benchmark.memcpy(n)} for n in args.threads]


def _mul_mat(args: argparse.Namespace) -> list[dict[str, Any]]:
    from pywhispercpp import benchmark

    results = []
    with _noted() as note:
        for n_threads in args.threads:
            for n in args.sizes or benchmark.MATRIX_SIZES:
                for kind in benchmark.MATRIX_TYPES:
                    note(f"{n} x {n} {kind}, {n_threads} threads")
                    gflops, runs = benchmark.mul_mat(kind, n, n_threads)
                    row = {"type": kind, "n": n, "n_threads": n_threads, "gflops": gflops, "runs": runs}
                    results.append(row)
    return results


@contextmanager
def _noted() -> Iterator[Note]:
    """Tell what is measured at the moment: a line on a terminal that goes away, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def _words(report: dict[str, Any]) -> str:
    """The machine and a table that an issue can hold as it is."""
    facts = report["machine"]
    head = (
        f"{facts['cpu']}, {facts['cores']} cores, {facts['os']}\n"
        f"pywhispercpp {facts['pywhispercpp']}, whisper.cpp {facts['whisper_cpp']}, {facts['compiler']}, "
        f"CPU code: {facts['variant']}\n"
    )
    return f"{head}\n{_table(*(_step_rows, _memcpy_rows, _mul_mat_rows)[report['what']](report['results']))}"


def _step_rows(results: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    from pywhispercpp.benchmark import STEPS

    names = ["model", "weights", "backend", "n_threads", "load_ms", *STEPS]
    rows = [[_figure(row[name]) for name in names] for row in results]
    return ["Model", "Type", "Backend", "Th", "Load", *STEPS.values()], rows


def _memcpy_rows(results: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    return ["Th", "GB/s"], [[_figure(row["n_threads"]), _figure(row["gb_per_s"])] for row in results]


def _mul_mat_rows(results: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    names = {"n": "N x N", "type": "Type", "n_threads": "Th", "gflops": "GFLOPS", "runs": "Runs"}
    return [*names.values()], [[_figure(row[name]) for name in names] for row in results]


def _figure(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    """Markdown whose columns stand one below the other."""
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    lines = [heads, ["-" * (width - 1) + ":" for width in widths], *rows]
    return "\n".join(f"| {' | '.join(map(str.rjust, line, widths))} |" for line in lines)
