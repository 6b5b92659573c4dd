"""`pywhispercpp transcribe FILE…`: print what is said, write it to files. A whisper-cli line works here."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.transcribe import decoding, loading, output
from pywhispercpp.cli.transcribe.job import run

__all__ = ["add_parser", "run"]

DESCRIPTION = """\
Print what is said in audio or video files, and write it to files.

Every option of whisper-cli is known here under the same names, short and long,
with the same defaults. Results go to standard output and everything else to
standard error, which stays empty unless something fails or -v asks for it."""

EPILOG = """\
examples:
  pywhispercpp transcribe talk.mp3
      what is said, with times
  pywhispercpp transcribe -m small -l de -tr interview.m4a notes.ogg
      two German files, translated to English
  pywhispercpp transcribe -m base.en -f talk.wav -osrt -ojf
      talk.wav.srt and talk.wav.json beside it
  pywhispercpp -m base.en -f talk.wav -of talk -ovtt
      talk.vtt; "transcribe" may be left out
  pywhispercpp transcribe -of - -osrt talk.mp3 | grep -i budget
      subtitles to standard output
  ffmpeg -i https://… -f wav - | pywhispercpp transcribe -
      audio from standard input
  pywhispercpp transcribe -ml 42 -sow --karaoke talk.mp4 talk.mp3
      a video with the words lit as they are said

exit codes: 0 all done, 1 something failed (the other files are done), 2 usage, 130 interrupted"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "transcribe",
        help="print what is said in audio or video files",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp transcribe [options] FILE…",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="audio or video; - for standard input")
    parser.add_argument(
        "-f",
        "--file",
        dest="more",
        action="append",
        default=[],
        metavar="FILE",
        help="the same, as an option",
    )
    for part in (output, loading, decoding):
        part.add_flags(parser)
    parser.set_defaults(func=run, usage_error=parser.error)
