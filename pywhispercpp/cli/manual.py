"""What makes every `--help` a manual page: defaults, width, exit codes, environment, files."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pywhispercpp.options import BY_NAME

__all__ = ["Formatter", "complete", "leaves", "parsers"]

WIDTH = 100
EXIT_CODES = """exit codes:
  0 success   1 failure   2 usage error   130 interrupted"""
ENVIRONMENT = """environment:
  PYWHISPERCPP_MODELS_DIR    folder of models, in place of the user's data folder
  PYWHISPERCPP_CPU_VARIANT   CPU code to compute with, in place of the best (portable wheels)
  OPENVINO_LIB_DIR           folder of libopenvino_c.so, in place of the search for it
  HF_ENDPOINT                mirror to download models from
  PORT, MAX_MODEL, …         settings of the service: `pywhispercpp serve --help` names them all
  NO_COLOR                   no colours

files:
  ~/.local/share/pywhispercpp/models/   models by name: ggml-NAME.bin, and OpenVINO IR beside them"""


# A help text that says itself what holds when the option is left out.
_TOLD = re.compile(r"default|left out|^as --")
# Defaults that are found when the command runs.
_ELSEWHERE = {"models_dir": "the user's data folder", "ov_e_device": "CPU"}


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help of at most 100 columns in which every option says its default."""

    def __init__(self, prog: str, **settings: Any) -> None:  # noqa: ANN401 - argparse's own, by version
        settings["width"] = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH) - 2
        settings["max_help_position"] = 30
        super().__init__(prog, **settings)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "".join(f"{indent}{line}\n" for line in _laid_out(text.splitlines(), width))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help
        if not text or not action.option_strings or action.required or _TOLD.search(text):
            return text
        if isinstance(action, (argparse._HelpAction, argparse._VersionAction)):
            return text
        return f"{text} (default: {_default(action)})".replace("%%", "%").replace("%", "%%")


def _laid_out(lines: list[str], width: int) -> Iterator[str]:
    """Lines that fit: a paragraph with one that is too wide is filled anew."""
    for is_paragraph, found in groupby(lines, lambda line: bool(line) and not line[0].isspace()):
        block = list(found)
        if is_paragraph and max(map(len, block)) > width:
            block = textwrap.wrap(" ".join(block), width)
        for line in block:
            yield from _wrapped(line, width)


def _wrapped(line: str, width: int) -> list[str]:
    """A line of a text that was laid out by hand; cut only where it is too wide."""
    margin = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, width, subsequent_indent=margin) if len(line) > width else [line]


def _default(action: argparse.Action) -> str:
    """What holds where an option is not given; None stands for the option's own default (options.py)."""
    value = action.default
    if value is None and action.dest in BY_NAME:
        value = BY_NAME[action.dest].default
    if action.nargs == 0:
        return "on" if value is True and action.const is not False else "off"
    if value in (None, argparse.SUPPRESS, "", [], ()):
        return _ELSEWHERE.get(action.dest, "none")
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of all its commands, theirs, and so on."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in dict.fromkeys(action.choices.values()):
                yield from parsers(child)


def leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers that do something themselves: commands without further commands."""
    return [
        p for p in parsers(parser) if not any(isinstance(a, argparse._SubParsersAction) for a in p._actions)
    ]


def complete(parser: argparse.ArgumentParser) -> None:
    """Give the parser and all its commands the formatter, and the sections that are the same for each."""
    for each in parsers(parser):
        each.formatter_class = Formatter
        sections = [each.epilog] if each.epilog else []
        if "exit codes:" not in (each.epilog or ""):
            sections.append(EXIT_CODES)
        sections.append(
            ENVIRONMENT if each is parser else f"`{parser.prog} --help` tells of environment and files."
        )
        each.epilog = "\n\n".join(section.strip("\n") for section in sections)
