"""`pywhispercpp models evaluate NAME`: word errors, time and memory by backend and audio context."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.cli.models.options import add_models_dir, add_threads
from pywhispercpp.models.progress import Progress

if TYPE_CHECKING:
    from rich.status import Status

    from pywhispercpp.evaluate import Evaluation, Result

__all__ = ["add_parser", "run"]

DESCRIPTION = """Hear a dataset with every backend and audio context, and tell for each:

  WER    wrong, missing and added words for each that was said, after OpenAI's rules
  CER    the same of letters
  RTF    seconds of work for each second of audio: below 1 is faster than it is spoken
  CPU    the same in seconds of all cores together
  Load   seconds until the model was loaded
  MB     the most memory that its process had

DIR is a LibriSpeech folder, a Common Voice folder (or one of its .tsv files), or any folder with
NAME.txt beside NAME.wav, .mp3, .flac …; without --dataset thirteen recordings are heard that come with
the package. Each row runs in a process of its own, and they take turns. All decode greedily. What a
backend needs besides the ggml file is exported for the while."""

EPILOG = """examples:
  pywhispercpp models evaluate tiny.en
  pywhispercpp models evaluate tiny.en base.en --backend ggml openvino
  pywhispercpp models evaluate base --dataset cv-corpus/de/test.tsv --num-samples 100
  pywhispercpp models evaluate tiny.en --dataset LibriSpeech/test-clean --num-samples 50
      --audio-context 1500 768 auto --json found.json --plot found.png

exit codes:
  0 success   1 failure, or no row has figures   2 usage error   130 interrupted"""

_BACKENDS = ("ggml", "openvino", "onnx", "tflite")
_SHOWN = 20  # names of recordings


def _context(text: str) -> int | str:
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: 1 to 1500 or auto is needed") from None


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the action."""
    parser = actions.add_parser(
        "evaluate",
        help="word errors, time and memory by backend and audio context",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "names", metavar="NAME", nargs="+", help="name of a model (downloaded when missing) or its path"
    )
    _add_setups(parser.add_argument_group("what is compared"))
    _add_dataset(parser.add_argument_group("what is heard"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--json", type=Path, metavar="FILE", help="write everything there, every text included"
    )
    output.add_argument("--plot", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    parser.set_defaults(func=run)


def _add_setups(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--backend",
        nargs="+",
        choices=_BACKENDS,
        dest="backends",
        metavar="NAME",
        default=["ggml"],
        help=f"what runs the model: {', '.join(_BACKENDS)}, one or several",
    )
    group.add_argument(
        "-ac",
        "--audio-context",
        "--audio-ctx",
        nargs="+",
        type=_context,
        dest="audio_contexts",
        metavar="N",
        default=[1500],
        help="how much the encoder takes at once, in steps of 20 ms, or auto; one or several",
    )
    add_threads(group, "threads for each")
    group.add_argument(
        "--exported",
        type=Path,
        metavar="DIR",
        help="the model in the backends' own formats (default: made for the while)",
    )
    add_models_dir(group)


def _add_dataset(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--dataset", type=Path, metavar="DIR", help="recordings with texts (default: those of the package)"
    )
    group.add_argument(
        "-l",
        "--language",
        metavar="LANG",
        help="of the recordings, auto to find it out (default: what the dataset says, else en)",
    )
    group.add_argument(
        "--num-samples", type=int, metavar="N", help="hear so many of them, chosen by --seed (default: all)"
    )
    group.add_argument(
        "--seed", type=int, metavar="N", default=0, help="what chooses; the same gives the same"
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate, then print the table; 1 where no row has figures."""
    from pywhispercpp.atomic_file import check_target
    from pywhispercpp.evaluate import evaluate, plot

    if args.json is not None:
        check_target(args.json)
    if args.plot is not None:
        plot.ready(args.plot)
    with _noted() as progress:
        found = evaluate(
            args.names, args.dataset, backends=args.backends, audio_contexts=args.audio_contexts,
            language=args.language and args.language.lower(), num_samples=args.num_samples, seed=args.seed,
            n_threads=args.n_threads, exported=args.exported, models_dir=args.models_dir, progress=progress,
        )  # fmt: skip
    _tell(found, args.num_samples is not None)
    _write(found, args)
    return 0 if found.ok else 1


def _write(found: Evaluation, args: argparse.Namespace) -> None:
    from pywhispercpp.atomic_file import writing
    from pywhispercpp.evaluate import plot

    if args.json is not None:
        with writing(args.json) as file:
            json.dump(found.as_dict(), file, ensure_ascii=False, indent=2)
            file.write("\n")
    if args.plot is not None and found.ok:
        plot.draw(found, args.plot)


class _Lines:
    """Off a terminal: what is exported or skipped, a line each."""

    def at(self, done: int, total: int | None) -> None:
        """How far it is is not told."""

    def note(self, message: str) -> None:
        """Print the message."""
        print(message, file=sys.stderr, flush=True)


class _Status:
    """On a terminal: a line with how far it is, the messages above it."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def at(self, done: int, total: int | None) -> None:
        """Change the line."""
        self._status.update(f"{done} of {total}")

    def note(self, message: str) -> None:
        """Print the message."""
        self._status.console.print(message, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _noted() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console

    with Console(stderr=True).status("getting ready") as status:
        yield _Status(status)


def _tell(found: Evaluation, is_sample: bool) -> None:
    """Print the machine, the recordings, the table, and what went wrong."""
    facts = found.machine
    print(f"{facts['cpu']}, {facts['cores']} cores, {facts['os']}, CPU code: {facts['variant']}")
    print("\n".join(textwrap.wrap(_recordings(found, is_sample), 100, subsequent_indent="  ")), end="\n\n")
    _print_table(_HEADS, [_row(result) for result in found.results])
    for result in found.results:
        if result.error:
            print(f"\n{result.setup}: {result.error}")
        elif result.failed:
            first = result.failed[0]
            print(
                f"\n{result.setup}: {len(result.failed)} could not be transcribed, {first.name}: {first.why}"
            )
    if found.skipped:
        print(f"\n{len(found.skipped)} skipped:")
        print("\n".join(f"  {one.name}: {one.why}" for one in found.skipped[:_SHOWN]))


def _recordings(found: Evaluation, is_sample: bool) -> str:
    names = [recording.name for recording in found.dataset.recordings]
    text = f"{found.dataset}, language {found.language}: "
    if not is_sample:
        return f"{text}{len(names)} recordings"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    few = ", ".join(names[:_SHOWN])
    return f"{text}{len(names)} of {found.available} recordings, by seed {found.seed}: {few}{more}"


_HEADS = ("Model", "Type", "Backend", "Context", "Th", "WER %", "CER %", "RTF", "CPU", "Load", "MB", "Files")


def _row(result: Result) -> list[str]:
    setup = result.setup
    start = [setup.name, result.weights, setup.backend, str(setup.audio_context), str(setup.n_threads)]
    if not result.heard:
        return [*start, *["-"] * 6, "0"]
    rates = [
        f"{100 * result.wer:.2f}",
        f"{100 * result.cer:.2f}",
        f"{result.rtf:.3f}",
        f"{result.cpu_rtf:.3f}",
    ]
    cost = [f"{result.load_s:.2f}", f"{result.peak_bytes / 1e6:.0f}", str(len(result.heard))]
    return [*start, *rates, *cost]


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of rich's on a terminal; elsewhere columns that stand one below the other."""
    if not sys.stdout.isatty():
        widths = [max(map(len, column)) for column in zip(heads, *rows)]
        for line in (heads, *rows):
            print("  ".join(map(str.rjust, line, widths)))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for head in heads:
        table.add_column(head, justify="left" if head in ("Model", "Type", "Backend") else "right")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
