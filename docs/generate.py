"""Writes docs/cli.md, docs/api.md and the table in docs/server.md out of the package: generate.py [--check]

What is generated holds no word of its own: commands and options come from the parsers, names and texts from
the docstrings and from options.py. docs/output/<command>.md is what a section ends with: real output.
"""

from __future__ import annotations

import argparse
import enum
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
HOME = "~/.local/share/pywhispercpp/models"
# Modules of the API -> their names: None for those of __all__.
MODULES: dict[str, tuple[str, ...] | None] = {
    "pywhispercpp": None,
    "pywhispercpp.vad": ("Vad",),
    "pywhispercpp.live": ("LiveSegment", "listen"),
    "pywhispercpp.many": ("FileResult", "transcribe_many"),
    "pywhispercpp.formats": None,
    "pywhispercpp.karaoke": None,
    "pywhispercpp.models": None,
    "pywhispercpp.models.export": None,
    "pywhispercpp.evaluate": None,
    "pywhispercpp.atomic_file": ("writing",),
    "pywhispercpp.benchmark": None,
    "pywhispercpp.compat": None,
    "pywhispercpp.compat.api": None,
}
NOTE = "<!-- Written by docs/generate.py: change the code and run it again. -->\n\n"


def main() -> int:
    """Write the files, or say which of them are not what the code says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where a file is out of date")
    check = parser.parse_args().check
    _like_everywhere()
    made = {"cli.md": cli, "api.md": api, "server.md": server}
    old = [DOCS / name for name, text in made.items() if _put(DOCS / name, text(), check)]
    for path in old:
        print(f"{path}: not what the code says; run: python docs/generate.py", file=sys.stderr)
    return 1 if old else 0


def _put(path: Path, text: str, check: bool) -> bool:
    """Write a file; with `check` only tell whether it is another."""
    if check:
        return not path.is_file() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    return False


def _like_everywhere() -> None:
    """Make defaults that depend on the machine the same on each: before the package is imported."""
    os.environ["PYWHISPERCPP_MODELS_DIR"] = HOME
    os.environ["COLUMNS"] = "100"
    os.cpu_count = lambda: 8


# --- The command line -----------------------------------------------------------------------------


def cli() -> str:
    """docs/cli.md."""
    from pywhispercpp.cli import build_parser, manual

    parser = build_parser()
    start = f"# Command line\n\n{NOTE}{parser.description}\n\n{_block(parser.epilog or '')}"
    commands = [_command(one) for one in manual.parsers(parser) if one is not parser]
    text = "\n".join([start, *commands])
    return text.replace(str(Path(HOME).expanduser()), HOME)


def _command(parser: argparse.ArgumentParser) -> str:
    depth = "#" * min(len(parser.prog.split()), 4)
    parts = [f"{depth} {parser.prog}\n", f"{_markdown(parser.description or '')}\n"]
    options = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    for group in parser._action_groups:
        rows = [_option(parser, one) for one in group._group_actions if one in options]
        if rows and not any(isinstance(one, argparse._SubParsersAction) for one in group._group_actions):
            title = (
                ""
                if group.title in ("positional arguments", "options", "optional arguments")
                else group.title
            )
            parts += [f"**{title}**\n"] if title else []
            parts.append("| | |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    parts.append(_block(parser.epilog or ""))
    output = DOCS / "output" / f"{'-'.join(parser.prog.split()[1:])}.md"
    return "\n".join([*parts, *([output.read_text(encoding="utf-8")] if output.is_file() else [])])


def _option(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """One row: the spellings with what they take, and the help text with its default."""
    shown = action.metavar or (",".join(map(str, action.choices)) if action.choices else action.dest.upper())
    takes = "" if action.nargs == 0 else f" {shown}"
    names = ", ".join(f"`{name}{takes}`" for name in action.option_strings) or f"`{shown}`"
    text = parser.formatter_class(prog=parser.prog)._get_help_string(action) or ""
    return f"| {_cell(names)} | {_cell(text.replace('%%', '%'))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _block(text: str) -> str:
    return f"```text\n{text.strip(chr(10))}\n```\n"


def _markdown(text: str) -> str:
    """A description: what is indented in it stays as it is laid out."""
    parts = re.split(r"\n\s*\n", text)
    return "\n\n".join(_block(part).strip() if part.startswith("  ") else part for part in parts)


# --- The service ----------------------------------------------------------------------------------


def server() -> str:
    """docs/server.md, with the settings between its two comments."""
    text = (DOCS / "server.md").read_text(encoding="utf-8")
    start, end = (
        f"<!-- {words} -->" for words in ("settings: written by docs/generate.py", "end of settings")
    )
    before, _, rest = text.partition(start)
    return f"{before}{start}\n\n{_settings()}\n\n{end}{rest.partition(end)[2]}"


def _settings() -> str:
    """A row for each setting of the service."""
    from pywhispercpp.cli.serve.flags import SECRET
    from pywhispercpp.server.settings import Settings, environment_name, is_switch, shown_default

    rows = ["| Environment | Flag | Meaning | Default |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        flag = f"`--{'[no-]' if is_switch(field) else ''}{name.replace('_', '-')}`"
        default = shown_default(name, field)
        shown = default if default.startswith("unset") or " user's " in default else f"`{default}`"
        cells = (
            f"`{environment_name(name, field)}`",
            "" if name in SECRET else flag,
            field.description or "",
            shown,
        )
        rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(rows)


# --- The Python API -------------------------------------------------------------------------------


def api() -> str:
    """docs/api.md."""
    parts = [f"# Python API\n\n{NOTE}", _options()]
    for name, names in MODULES.items():
        module = importlib.import_module(name)
        parts.append(f"## {name}\n\n{_text(module)}\n")
        parts += [_name(f"{name}.{public}", getattr(module, public)) for public in names or module.__all__]
    return "\n".join(parts)


def _options() -> str:
    from pywhispercpp.options import OPTIONS

    rows = [row for option in OPTIONS for row in _option_rows(option)]
    head = (
        "## Options of a transcription\n\nFor `Model(…)`, which keeps them, and for every `transcribe(…)`.\n"
    )
    return "\n".join(
        [head, "| Option | Type | Default | Allowed | Meaning |\n| --- | --- | --- | --- | --- |", *rows, ""]
    )


def _option_rows(option: Any, before: str = "") -> Iterator[str]:
    """The row of an option, and those of what its dict holds."""
    kind = {"PathLike": "path", "tuple": "list of int"}.get(option.kind.__name__, option.kind.__name__)
    default = "see below" if option.fields else f"`{_short(option.default)}`"
    cells = [f"`{before}{option.name}`", kind, default, _allowed(option), option.doc]
    yield f"| {' | '.join(map(_cell, cells))} |"
    for field in option.fields:
        yield from _option_rows(field, f"{option.name}.")


def _short(value: object) -> str:
    return "3.4e38" if isinstance(value, float) and value > 1e38 else repr(value)


def _allowed(option: Any) -> str:
    words = ", ".join(f"`{word!r}`" for word, _ in option.words)
    if option.kind not in (int, float) or (words and option.high <= 1):
        return words
    least, most = option.low > -1e38, option.high < 2**31 - 1
    span = (
        f"{option.low:g} to {option.high:g}" if least and most else f"{option.low:g} or more" if least else ""
    )
    return ", ".join(filter(None, [span, words]))


def _name(name: str, value: Any) -> str:
    """The section of one public name."""
    if inspect.isclass(value):
        return "\n".join([_headed("###", name, value), *_members(name, value)])
    if inspect.isroutine(value):
        return _headed("###", name, value)
    kind = "A module" if inspect.ismodule(value) else f"A {type(value).__name__}"
    return f"### {name}\n\n{kind}. {_text(value) if inspect.ismodule(value) else ''}\n"


def _headed(marks: str, name: str, value: Any) -> str:
    """A heading, how it is called, and the docstring."""
    call = _signature(value)
    short = name.rsplit(".", 1)[-1]
    code = f"```python\n{_laid_out(short, call)}\n```\n\n" if call is not None else ""
    return f"{marks} {name}\n\n{code}{_text(value)}\n"


def _laid_out(name: str, parameters: list[str]) -> str:
    line = f"{name}({', '.join(parameters)})"
    if len(line) <= 90:
        return line
    return "\n".join([f"{name}(", *(f"    {one}," for one in parameters), ")"])


def _members(name: str, owner: Any) -> Iterator[str]:
    """The public methods and properties that a class defines itself, in the order of its source."""
    known = {field.name for field in fields(owner)} if is_dataclass(owner) else set()
    for member, value in vars(owner).items():
        if member.startswith("_") and (member != "__init__" or not value.__doc__ or is_dataclass(owner)):
            continue
        function = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
        last = name.rsplit(".", 1)[-1]
        if member == "__init__":
            yield f"{_text(function)}\n"
        elif isinstance(value, property) or type(value).__name__ == "cached_property":
            yield f"#### {last}.{member}\n\nA property. {_text(function)}\n"
        elif inspect.isfunction(function) and member not in known:
            yield _headed("####", f"{last}.{member}", function)


def _signature(value: Any) -> list[str] | None:
    """The parameters with their defaults (types: see docstrings and stubs); None where it is not called."""
    if inspect.isclass(value) and (_is_never_called(value) or "__init__" not in vars(value)):
        return None
    parts, is_keyword = [], False
    for one in inspect.signature(value).parameters.values():
        star = "*" if one.kind == one.VAR_POSITIONAL else "**" if one.kind == one.VAR_KEYWORD else ""
        if one.kind == one.KEYWORD_ONLY and not is_keyword:
            is_keyword = True
            parts.append("*")
        if one.name != "self":
            default = "" if one.default is one.empty else f"={_default(one.default)}"
            parts.append(f"{star}{one.name}{default}")
    return parts


def _is_never_called(value: Any) -> bool:
    return issubclass(value, (BaseException, enum.Enum)) or getattr(value, "_is_protocol", False)


def _default(value: object) -> str:
    return "…" if callable(value) or " at 0x" in repr(value) else repr(value).replace("'", '"')


def _text(value: Any) -> str:
    """A docstring as Markdown: `name: meaning` lines become a list, indented code a block."""
    text = (inspect.getdoc(value) or "").strip()
    return "\n\n".join(_paragraph(part) for part in re.split(r"\n\s*\n", text) if part)


def _paragraph(part: str) -> str:
    first = part.splitlines()[0]
    if part.startswith(("    ", ">>>")):
        code = inspect.cleandoc("\n" + part)
        return f"```python\n{code}\n```"
    if first.rstrip() == "Attributes:":
        return "Attributes:\n\n" + _list(inspect.cleandoc("\n" + part.split("\n", 1)[1]))
    if re.match(r"[a-z_]\w*(\(.*?\)|, \w+)*: ", first):
        return _list(part)
    return _escaped(part)


def _list(text: str) -> str:
    """Lines `name: meaning`, and what goes on indented below one, as a list; sentences after it stay such."""
    lines = []
    for line in text.splitlines():
        found = re.match(r"([a-z_]\w*(?:\(.*?\)|, \w+)*): (.*)", line)
        if found:
            lines.append(f"- `{found.group(1)}`: {_escaped(found.group(2))}")
        elif line.startswith(" "):
            lines.append(f"  {_escaped(line.strip())}")
        else:
            lines.append(("" if lines and not lines[-1].startswith("-") else "\n") + _escaped(line))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_") if "`" not in text else text


if __name__ == "__main__":
    sys.exit(main())
