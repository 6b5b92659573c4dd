"""The work of the command: one source, heard until it ends or Ctrl-C ends it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from pywhispercpp.cli.exit_codes import INTERRUPTED
from pywhispercpp.cli.stream.printer import shown
from pywhispercpp.cli.stream.source import Ending, opened
from pywhispercpp.cli.transcribe import decoding, loading
from pywhispercpp.cli.warnings import shown_warnings
from pywhispercpp.live import listen
from pywhispercpp.live.options import LIVE_OPTIONS, checked
from pywhispercpp.live.vad import EnergyVad

if TYPE_CHECKING:
    from pywhispercpp.live.vad import VadChoice


def run(args: argparse.Namespace) -> int:
    """Print text until the source ends."""
    if args.list_devices:
        return _list_devices()
    options = _options(args)
    cutting = {option.name: getattr(args, option.name) for option in LIVE_OPTIONS}
    vad: dict[str, Any] = {"vad": _vad(args, options), "vad_model_path": options.pop("vad_model_path", None)}
    vad["vad_params"] = options.pop("vad_params", None)
    checked(cutting, vad["vad_params"])  # before a download
    with shown_warnings(args):
        source = opened(args)
        model = loading.load(args)
        if args.source is None and not args.no_prints:
            print("[Start speaking]", file=sys.stderr, flush=True)
        with _ended_by_signal(source), shown(args) as show:
            for segment in listen(model, source, realtime=source.realtime, **vad, **cutting, **options):
                show(segment)
    return INTERRUPTED if source.stopped else 0


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """The options of decoding; whisper-stream's default is greedy, not whisper-cli's beams."""
    options = decoding.options(args)
    if getattr(args, "beam_search.beam_size") is None and not (args.strategy or args.grammar):
        options["strategy"] = "greedy"
    # Shown by the command, and not options of the decoding of one piece.
    for name in ("no_timestamps", "vad"):
        options.pop(name, None)
    return options


def _vad(args: argparse.Namespace, options: dict[str, Any]) -> VadChoice:
    if args.vad == "energy":
        return EnergyVad(args.freq_thold)
    return True if args.vad is None else bool(args.vad)


def _list_devices() -> int:
    from pywhispercpp.live.microphone import devices

    found = devices()
    for number, name, is_default in found:
        print(f"{'*' if is_default else ' '} {number:3d}  {name}")
    if not found:
        print("pywhispercpp: there is no microphone", file=sys.stderr)
    return 0 if found else 1


@contextmanager
def _ended_by_signal(source: Ending) -> Iterator[None]:
    """The first Ctrl-C ends the source, so that what was said is still printed; the second interrupts."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        source.stop()

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not on the main thread: there are no signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
