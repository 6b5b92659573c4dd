"""Reads the `.bzl` files that are pure literals, so that both builds and Python share one file."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any


def read_literals(path: Path) -> dict[str, Any]:
    """Return the top-level `NAME = literal` assignments of a `.bzl` file; anything else in it is an error."""
    module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    literals = {}
    for statement in module.body[1:]:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
            raise ValueError(f"{path}:{statement.lineno}: only NAME = literal is allowed in this file")
        literals[statement.targets[0].id] = ast.literal_eval(statement.value)
    return literals
