"""The flags that say what is written and printed, and where the files of each input go."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pywhispercpp.atomic_file import check_target
from pywhispercpp.errors import OptionError, UsageError
from pywhispercpp.formats import FORMATS, Format

# whisper-cli's letters and long name of a format, where they are not -o<name> and --output-<name>.
NAMES = {
    "wts": ("-owts", "--output-words", "--output-wts"),
    "json": ("-oj", "--output-json"),
    "json-full": ("-ojf", "--output-json-full"),
    "score": ("-ls", "--log-score"),
    "html": ("-ohtml", "--output-html", "--html"),
}
STDIO = "-"
MONOSPACED = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "/usr/share/fonts/TTF/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
    "/System/Library/Fonts/Supplemental/Courier New Bold.ttf",
)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    files = parser.add_argument_group("files", "beside the input unless -of says where")
    for one in FORMATS.values():
        names = NAMES.get(one.name, (f"-o{one.name}", f"--output-{one.name}"))
        files.add_argument(
            *names, dest=f"output_{one.name}", action="store_true", help=f"{one.extension}: {one.doc}"
        )
    files.add_argument(
        "-of",
        "--output-file",
        action="append",
        default=[],
        metavar="NAME",
        help="name of the files without extension, one -of for each input in turn; - for standard output",
    )
    files.add_argument("--html-embed", action="store_true", help="with --html: the audio in the page itself")
    files.add_argument("--karaoke", action="append", default=[], metavar="MP4", help="a video, the words lit")
    files.add_argument(
        "-fp", "--font-path", metavar="TTF", help="font of the video (-owts: a monospaced one)"
    )
    files.add_argument("-on", "--offset-n", type=int, default=0, metavar="N", help="added to numbers in srt")
    _add_printing(parser.add_argument_group("printing"))


def _add_printing(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-np", "--no-prints", action="store_true", help="the results and nothing else")
    add(
        "-v", "--verbose", action="store_true", help="whisper.cpp's own messages and times, to standard error"
    )
    add("-pp", "--print-progress", action="store_true", help="a line for every 5 %%, to standard error")
    add("-pc", "--print-colors", action="store_true", help="confidence as colour: red, yellow, green")
    add("--print-confidence", action="store_true", help="low confidence inverse, medium underlined, high dim")
    add(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="when to (default: on a terminal)",
    )


def chosen(args: argparse.Namespace) -> list[Format]:
    """The formats that are asked for, in whisper-cli's order; json-full stands for json too."""
    found = [one for one in FORMATS.values() if getattr(args, f"output_{one.name}")]
    return [one for one in found if one.name != "json" or not args.__dict__["output_json-full"]]


@dataclass(frozen=True)
class Target:
    """Where the results of one input go."""

    media: str
    base: str  # of the files' names; "-" for standard output
    formats: tuple[Format, ...]
    karaoke: str = ""

    @property
    def is_stdout(self) -> bool:
        """Whether one format goes to standard output, instead of the lines."""
        return self.base == STDIO

    def files(self) -> Iterator[tuple[Format, Path]]:
        """The formats that go to files, and the files."""
        if not self.is_stdout:
            yield from ((one, Path(f"{self.base}{one.extension}")) for one in self.formats)

    def check(self) -> None:
        """Raise OutputError for a file that cannot be written: before the work, not after it."""
        for path in [*(path for _, path in self.files()), *([Path(self.karaoke)] if self.karaoke else [])]:
            check_target(path)


def targets(args: argparse.Namespace, files: Sequence[str]) -> list[Target]:
    """Each input with its outputs; raises UsageError where there are more outputs than inputs."""
    for name, given in (("-of", args.output_file), ("--karaoke", args.karaoke)):
        if len(given) > len(files):
            raise UsageError(f"{name} is given {len(given)} times for {len(files)} input files")
    formats = tuple(chosen(args))
    bases = [*args.output_file, *(_base(name, formats) for name in files[len(args.output_file) :])]
    videos = [*args.karaoke, *([""] * len(files))]
    found = [Target(*one) for one in zip(files, bases, [formats] * len(files), videos)]
    if any(one.is_stdout for one in found):
        _warn_of_stdout(formats)
    return found


def _base(media: str, formats: Sequence[Format]) -> str:
    """The input's own name; standard input goes to standard output where a format is asked for."""
    return "stdin" if media == STDIO and not formats else media


def _warn_of_stdout(formats: Sequence[Format]) -> None:
    if not formats:
        raise UsageError("-of - needs a format, such as -osrt")
    if len(formats) > 1:
        print(
            f"pywhispercpp: only {formats[0].name} goes to standard output, not also "
            f"{', '.join(one.name for one in formats[1:])}",
            file=sys.stderr,
        )


def font_path(args: argparse.Namespace) -> str:
    """The font of the karaoke script; raises OptionError, with what to do, where there is none."""
    names = [args.font_path] if args.font_path else MONOSPACED
    for name in names:
        if os.access(name, os.R_OK):
            return str(name)
    raise OptionError(f"no font at {' or '.join(names)}: give a monospaced one with --font-path")
