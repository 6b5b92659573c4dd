"""`pywhispercpp batch FILE_OR_FOLDER…`: transcribe many files into files; go on where a run was ended."""

from __future__ import annotations

import argparse

from pywhispercpp.cli.batch.job import run
from pywhispercpp.cli.transcribe import decoding, loading, output
from pywhispercpp.formats import FORMATS

__all__ = ["add_parser", "run"]

DESCRIPTION = """\
Transcribe many files, each into files beside it or in another folder. What is there already is skipped, so
the same command goes on after it was ended, however that was. A file that cannot be transcribed is reported,
and the others still are."""

EPILOG = """\
examples:
  pywhispercpp batch talks/
      talks/one.mp3.srt and so on, of every audio and video file in the folder
  pywhispercpp batch -r -m small -l auto -ovtt -ojf -o transcripts/ recordings/
      a tree of folders into another tree
  pywhispercpp batch --workers 4 -t 2 *.m4a
      four files at once, each with two threads; the model is in memory once
  pywhispercpp batch --on ray://head:10001 -m large-v3 recordings/
      the same on the machines of a Ray cluster

exit codes: 0 all done, 1 something failed (the other files are done), 2 usage, 130 interrupted"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "batch",
        help="transcribe many files into files, on this machine or a Ray cluster",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="pywhispercpp batch [options] FILE_OR_FOLDER…",
        allow_abbrev=False,
    )
    parser.add_argument(
        "names", nargs="+", metavar="FILE_OR_FOLDER", help="audio or video, or a folder of it"
    )
    _add_work(parser.add_argument_group("work"))
    _add_files(parser.add_argument_group("files"))
    printing = parser.add_argument_group("printing").add_argument
    printing("-np", "--no-prints", action="store_true", help="failures and nothing else")
    printing("-v", "--verbose", action="store_true", help="whisper.cpp's own messages, to standard error")
    loading.add_flags(parser)
    decoding.add_flags(parser)
    parser.set_defaults(func=run, usage_error=parser.error)


def _add_work(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--workers", type=int, metavar="N", help="files at once (default: 1; with --on, what the cluster has)"
    )
    add("-r", "--recursive", action="store_true", help="also the folders in folders")
    add(
        "--suffix",
        action="append",
        default=[],
        metavar="EXT",
        help="what to take out of folders, such as mp3",
    )
    add("--overwrite", action="store_true", help="also what is there already")
    add(
        "--on",
        metavar="ray://HOST:PORT",
        help="a Ray cluster; ray://local starts one here, ray takes the one that runs here or starts one",
    )
    add("--shared", action="store_true", help="with --on: every machine sees the same disk, send paths only")


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument("-o", "--output-dir", metavar="DIR", help="where to (default: beside each file)")
    for one in FORMATS.values():
        names = output.NAMES.get(one.name, (f"-o{one.name}", f"--output-{one.name}"))
        default = " (the default)" if one.name == "srt" else ""
        group.add_argument(
            *names,
            dest=f"output_{one.name}",
            action="store_true",
            help=f"{one.extension}: {one.doc}{default}",
        )
    group.add_argument("-fp", "--font-path", metavar="TTF", help="font of -owts")
    group.add_argument("-on", "--offset-n", type=int, default=0, metavar="N", help="added to numbers in srt")
