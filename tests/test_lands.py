"""The two lands stay apart: build-land never imports the package, the package never imports build-land."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BUILD_LAND = ("noxfile", "scripts", "toolchains", "wheels")
RUN_LAND = ("pywhispercpp",)
# Nothing imports these: they are handed to the interpreter of an environment in which a wheel is tried.
HANDED_OVER = (
    "counted_script.py",
    "emulate_script.py",
    "faster_whisper_worker.py",
    "feel_worker.py",
    "many_worker.py",
    "openai_weights.py",
    "package_worker.py",
    "smoke_script.py",
    "threads_script.py",
)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every absolute import in a file, and of import_module("a literal")."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]
        elif isinstance(node, ast.Call) and _imports_by_name(node.func):
            yield from (
                (node.lineno, str(a.value).split(".")[0]) for a in node.args if isinstance(a, ast.Constant)
            )


def _imports_by_name(function: ast.expr) -> bool:
    return getattr(function, "attr", getattr(function, "id", "")) in {"import_module", "__import__"}


def files(root: Path, land: tuple[str, ...]) -> list[Path]:
    """The Python files of a land."""
    single = [root / f"{name}.py" for name in land if (root / f"{name}.py").is_file()]
    return single + [path for name in land for path in sorted((root / name).rglob("*.py"))]


def crossings(paths: list[Path], other: tuple[str, ...]) -> list[str]:
    """Each import of the other land, as file:line."""
    return [f"{path}:{line}: {name}" for path in paths for line, name in imported(path) if name in other]


def test_build_land_does_not_import_the_package(root: Path) -> None:
    paths = [path for path in files(root, BUILD_LAND) if path.name not in HANDED_OVER]
    assert len(paths) > 30
    assert crossings(paths, RUN_LAND) == []


def test_the_package_does_not_import_build_land(root: Path) -> None:
    paths = files(root, RUN_LAND)
    assert len(paths) > 15
    assert crossings(paths, BUILD_LAND) == []


def test_nothing_imports_what_is_handed_over(root: Path) -> None:
    modules = {name.removesuffix(".py") for name in HANDED_OVER}
    for path in files(root, BUILD_LAND):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not modules & {name.split(".")[-1] for name in names}, path


@pytest.mark.parametrize(
    "line",
    [
        "import pywhispercpp.model",
        "from pywhispercpp import Model",
        "def f():\n    import os, pywhispercpp",
        'importlib.import_module("pywhispercpp.model")',
        '__import__("pywhispercpp")',
    ],
)
def test_a_crossing_would_be_seen(tmp_path: Path, line: str) -> None:
    file = tmp_path / "file.py"
    file.write_text(line)
    assert len(crossings([file], RUN_LAND)) == 1
