"""`pywhispercpp stream`: text while someone speaks. A whisper-stream line works here."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.stream.job import run
from pywhispercpp.cli.transcribe import decoding, loading
from pywhispercpp.live.options import LIVE_OPTIONS

__all__ = ["add_parser", "run"]

DESCRIPTION = """\
Print what is said into the microphone, or in a file or pipe, while it is said.

Speech is cut into utterances by the Silero VAD; on a terminal the unfinished text of one is shown and
rewritten, elsewhere finished text alone is printed, a line for each utterance. Every option of
whisper-stream is known here under the same names; --step 0 gives finished text only."""

EPILOG = """\
examples:
  pywhispercpp stream
      the system's microphone; Ctrl-C ends it
  pywhispercpp stream --list-devices
  pywhispercpp stream -m small -l de -c 2 -f notes.txt
      German from microphone 2, also into a file
  pywhispercpp stream --realtime talk.mp3
      a file as if it were spoken now
  arecord -q -f S16_LE -r 16000 -c 1 -t raw | pywhispercpp stream --raw s16le -
      another program's recording, from standard input
  pywhispercpp stream --json -nt talk.wav | jq -r 'select(.final) | .text'
      a JSON object a line, for programs

exit codes: 0 the source has ended, 1 failure, 2 usage, 130 interrupted (finished text was printed)"""

# whisper-stream's names.
NAMES = {"step_ms": "--step", "length_ms": "--length", "keep_ms": "--keep"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "stream",
        help="print what is said while it is said, from the microphone, a file or a pipe",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp stream [options] [FILE]",
        allow_abbrev=False,
    )
    parser.add_argument(
        "source",
        nargs="?",
        metavar="FILE",
        help="audio or video instead of the microphone; - for standard input",
    )
    _add_source(parser.add_argument_group("source"))
    _add_cutting(parser.add_argument_group("cutting"))
    _add_printing(parser.add_argument_group("printing"))
    loading.add_flags(parser)
    decoding.add_flags(parser)
    parser.set_defaults(func=run, usage_error=parser.error)


def _add_source(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-c", "--capture", metavar="ID", help="the microphone: its number, or a part of its name")
    add("--list-devices", action="store_true", help="list the microphones and end")
    add("--raw", choices=("s16le", "f32le"), help="FILE is raw samples, mono, 16 kHz")
    add("--realtime", action="store_true", help="hear FILE as if it were spoken now")
    add("-sa", "--save-audio", action="store_true", help="write what was heard to <date and time>.wav")


def _add_cutting(group: argparse._ArgumentGroup) -> None:
    for option in LIVE_OPTIONS:
        own = "--" + option.name.replace("_", "-")
        names = [NAMES[option.name], own] if option.name in NAMES else [own]
        group.add_argument(
            *names,
            dest=option.name,
            type=option.kind,
            default=option.default,
            metavar="N",
            help=f"{option.doc} (default: {option.default:g})",
        )
    add = group.add_argument
    add(
        "--no-vad",
        dest="vad",
        action="store_false",
        default=None,
        help="hear silence too, in windows of --length",
    )
    add("--energy-vad", dest="vad", action="store_const", const="energy", help="tell speech by its loudness")
    add(
        "-vth", "--vad-thold", dest="vad_params.threshold", type=float, metavar="N", help="as --vad-threshold"
    )
    add(
        "-fth",
        "--freq-thold",
        type=float,
        default=100.0,
        metavar="HZ",
        help="lowest frequency of --energy-vad",
    )
    add(
        "-kc",
        "--keep-context",
        dest="no_context",
        action="store_false",
        default=None,
        help="finished text is the prompt",
    )
    add("-mt", dest="max_tokens", type=int, default=None, metavar="N", help="as --max-tokens")


def _add_printing(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-f", "--file", dest="output", metavar="FILE", help="write finished text to this file too")
    add("--json", action="store_true", help="a JSON object a line: unfinished text, finished text, words")
    add("-np", "--no-prints", action="store_true", help="the results and nothing else")
    add("-v", "--verbose", action="store_true", help="whisper.cpp's own messages, to standard error")
