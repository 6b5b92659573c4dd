"""Every `--help` is a manual page: examples that work, a default for every option, at most 100 columns."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys

import pytest

from pywhispercpp import __version__, build_info
from pywhispercpp.cli import COMMANDS, build_parser, line, main, manual

TOLD = re.compile(r"default|left out|^as --|^print the versions")
PARSERS = {parser.prog: parser for parser in manual.parsers(build_parser())}
LEAVES = {parser.prog: parser for parser in manual.leaves(build_parser())}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that is wider than the help may be."""
    monkeypatch.setenv("COLUMNS", "200")


def examples(parser: argparse.ArgumentParser) -> list[str]:
    """The command lines under `examples:`; one that goes on after a backslash is put together."""
    _, _, text = parser.format_help().partition("examples:\n")
    text = text.replace("\\\n", " ")
    block = re.split(r"\n\s*\n", text)[0]
    return [found for found in (one.strip() for one in block.splitlines()) if "pywhispercpp" in found]


def arguments(example: str) -> list[str]:
    """What an example gives to the command: without pipes, redirection and comments."""
    words = shlex.split(example, comments=True)
    words = words[words.index("pywhispercpp") + 1 :]
    ends = [
        i for i, word in enumerate(words) if word in ("|", ">", "<", "&&") or word.startswith((">", "2>"))
    ]
    return words[: ends[0]] if ends else words


@pytest.mark.parametrize("name", PARSERS)
def test_it_is_not_wider_than_100_columns(name: str) -> None:
    text = PARSERS[name].format_help()
    assert [one for one in text.splitlines() if len(one) > 100] == []


@pytest.mark.parametrize("name", LEAVES)
def test_it_says_what_for_and_how_it_ends(name: str) -> None:
    parser = LEAVES[name]
    assert parser.description and len(parser.description) > 30
    assert "exit codes:" in parser.format_help()


@pytest.mark.parametrize("name", LEAVES)
def test_its_examples_are_command_lines_that_parse(name: str) -> None:
    found = examples(LEAVES[name])
    assert found, f"{name} --help has no examples"
    parser = build_parser()
    for example in found:
        words = line.with_command(arguments(example), COMMANDS)
        args = parser.parse_args(line.ordered(parser, words))
        assert callable(args.func), example
    assert any(name in f"pywhispercpp {' '.join(arguments(one))}" for one in found)


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_has_a_help_text_with_its_default(name: str) -> None:
    parser = LEAVES[name]
    formatter = manual.Formatter(parser.prog)
    without = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
            continue
        text = formatter._get_help_string(action)
        named = action.option_strings[-1] if action.option_strings else action.dest
        if not text or (action.option_strings and not action.required and not TOLD.search(text)):
            without.append(f"{named}: {text}")
    assert without == []


def test_the_whole_tells_of_environment_files_and_exit_codes() -> None:
    text = build_parser().format_help()
    for part in ("examples:", "exit codes:", "environment:", "files:", "PYWHISPERCPP_MODELS_DIR", "130"):
        assert part in text


def test_the_version_tells_what_is_inside(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    info = build_info()
    inside = f"(whisper.cpp {info.whisper_cpp_version}, ggml {info.ggml_version})"
    assert (ended.value.code, capsys.readouterr().out) == (0, f"pywhispercpp {__version__} {inside}\n")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom pywhispercpp.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'av', 'rich', 'matplotlib', 'requests', 'shtab', 'openvino', 'ray', 'sounddevice', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "[]\n"
