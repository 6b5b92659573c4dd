"""Reads the `.bzl` files that are pure literals, so that both builds and Python share one file."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any


def read_literals(path: Path) -> dict[str, Any]:
    """Return the `NAME = literal` assignments of a `.bzl` file; anything else but a docstring is an error."""
    module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    statements = module.body[1:] if ast.get_docstring(module) else module.body
    return dict(_assignment(statement, path) for statement in statements)


def _assignment(statement: ast.stmt, path: Path) -> tuple[str, Any]:
    """Return name and value of one `NAME = literal`."""
    try:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            if isinstance(target, ast.Name):
                return target.id, ast.literal_eval(statement.value)
    except ValueError:  # two targets, or a value that is no literal
        pass
    raise ValueError(f"{path}:{statement.lineno}: only NAME = literal is allowed in this file")
