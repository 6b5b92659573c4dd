"""The command line: one file per command, each with add_parser(subparsers) and run(args) -> exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from pywhispercpp import __version__
from pywhispercpp.backend import build_info
from pywhispercpp.cli import line, manual, standard_streams
from pywhispercpp.cli.exit_codes import INTERRUPTED
from pywhispercpp.cli.parser import Parser
from pywhispercpp.errors import MissingPackageError, PywhispercppError

# In the order of the help; each is the file of that name.
COMMANDS = ("transcribe", "stream", "batch", "models", "serve", "worker", "bench", "info", "completion")
# Their flags are the service's settings, whose packages take long to import or are not there.
WITH_SETTINGS = ("serve", "worker")

DESCRIPTION = """Speech to text with whisper.cpp. Each command has a --help of its own, with examples."""
EPILOG = """examples:
  pywhispercpp transcribe talk.mp3
  pywhispercpp models list
  pywhispercpp info"""


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of all commands, or of the one that is going to run: no other is imported then.

    command: that one; anything that is none ("", --help) stands for all, without the flags that take long to
        build. None builds all that can be built here. Raises MissingPackageError where `command` cannot be.
    """
    parser = Parser(prog="pywhispercpp", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=_version(), help="print the versions and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in _needed(command):
        module = import_module(f"{__name__}.{name}")
        module.add_parser(subparsers)
        if name in WITH_SETTINGS and command in (name, None):
            with suppress(*([MissingPackageError] if command is None else [])):
                module.add_flags(subparsers.choices[name])
    manual.complete(parser)
    return parser


def _needed(command: str | None) -> Sequence[str]:
    """The commands that the parser has to know."""
    if command == "--version":
        return ()
    return (command,) if command in COMMANDS else COMMANDS


def _version() -> str:
    """The package's own version first: scripts read that word."""
    build = build_info()
    return f"pywhispercpp {__version__} (whisper.cpp {build.whisper_cpp_version}, ggml {build.ggml_version})"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 failure, 2 usage, 130 interrupted."""
    standard_streams.open_all()
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        given = line.with_command(given, COMMANDS)
        parser = build_parser(given[0] if given else "")
        args = parser.parse_args(line.ordered(parser, given))
        code: int = args.func(args)
        sys.stdout.flush()
        return code
    except PywhispercppError as error:
        print(f"pywhispercpp: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pywhispercpp: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `pywhispercpp … | head`: the reader has what it wanted
        standard_streams.forget_output()
        return 0
    except OSError as error:  # standard output on a full disk, and what else the system refuses
        print(f"pywhispercpp: {error}", file=sys.stderr)
        standard_streams.forget_output()
        return 1
