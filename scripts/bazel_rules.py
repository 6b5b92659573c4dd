"""A few of buildifier's rules, for machines where buildifier itself cannot be had."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator


def problems(text: str) -> list[str]:
    """Return what is wrong with the text of a BUILD, WORKSPACE or .bzl file, as `line: what to do`.

    The dialect is a subset of Python's grammar, so Python's own parser reads it.
    """
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        return [f"{error.lineno}: {error.msg}"]
    found = [*_layout(text), *_docstring(module), *_loads(module, text), *_quotes(text)]
    return [f"{line}: {what}" for line, what in sorted(found)]


def _layout(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield len(lines), "end the file with one newline"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "use spaces, no tabs"
        if line != line.rstrip():
            yield number, "remove the spaces at the end of the line"
        if (len(line) - len(line.lstrip(" "))) % 4 and not _inside_a_string(text, number):
            yield number, "indent by 4 spaces"


def _inside_a_string(text: str, number: int) -> bool:
    """Say whether a line starts in the middle of a triple-quoted string."""
    return "\n".join(text.split("\n")[: number - 1]).count('"""') % 2 == 1


def _docstring(module: ast.Module) -> Iterator[tuple[int, str]]:
    only_workspace = len(module.body) == 1 and _called(module.body[0]) == "workspace"
    if not ast.get_docstring(module) and not only_workspace:
        yield 1, "open the file with a docstring"


def _called(statement: ast.stmt) -> str:
    """Return the name of the function that a top-level call calls."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return function.id if isinstance(function, ast.Name) else ""
    return ""


def _loads(module: ast.Module, text: str) -> Iterator[tuple[int, str]]:
    """Check the load()s: on top and sorted but in a WORKSPACE, each name used."""
    body = module.body[1:] if ast.get_docstring(module) else module.body
    names = [_called(statement) for statement in body]
    loads = [s.value for s in body if _called(s) == "load" and isinstance(s, ast.Expr)]
    calls = [call for call in loads if isinstance(call, ast.Call)]
    if "workspace" not in names:
        if "load" in names[names.count("load") :]:
            yield calls[-1].lineno, "put every load() on top"
        labels = [ast.literal_eval(call.args[0]) for call in calls]
        if labels != sorted(labels, key=_order):
            yield calls[0].lineno, "sort the load()s: @repositories, then //packages, then :files"
    for call in calls:
        yield from _unused(call, text)


def _order(label: str) -> tuple[bool, bool, str]:
    return label.startswith(("//", ":")), label.startswith(":"), label


def _unused(call: ast.Call, text: str) -> Iterator[tuple[int, str]]:
    plain = [str(ast.literal_eval(argument)) for argument in call.args[1:]]
    for name in plain + [str(keyword.arg) for keyword in call.keywords]:
        source = text.split("\n")
        outside = "\n".join(source[: call.lineno - 1] + source[call.end_lineno :])
        if not re.search(rf"\b{re.escape(name)}\b", outside):
            yield call.lineno, f"{name} is loaded and never used"


def _quotes(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            quoted = ast.get_source_segment(text, node) or ""
            if quoted.lstrip("r").startswith("'") and '"' not in node.value:
                yield node.lineno, "use double quotes"
