"""The types of the compiled modules name what is in them: all of it, and nothing else."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest


def _names(body: list[ast.stmt]) -> set[str]:
    found = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return found | {node.target.id for node in body if isinstance(node, ast.AnnAssign)}  # type: ignore[union-attr]


def _public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["_core", "_cpu"])
def test_a_stub_has_every_name(name: str) -> None:
    module = importlib.import_module(f"pywhispercpp.{name}")
    assert module.__file__ is not None
    stub = ast.parse(Path(module.__file__).with_name(f"{name}.pyi").read_text(encoding="utf-8")).body
    assert _names(stub) == _public(module)
    for node in stub:
        if isinstance(node, ast.ClassDef):
            assert _names(node.body) - {"__init__"} == _public(getattr(module, node.name)), node.name
