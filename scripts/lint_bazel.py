"""Checks the form of every BUILD, WORKSPACE and .bzl file: with buildifier, or with a few rules of our own.

buildifier is taken from PATH, else through npm, whose package of it holds the program for each system.
`npx @bazel/buildifier@<version> -r .` from the top of the checkout mends what it can.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scripts.bazel_rules import problems
from scripts.command import Argument, capture, entry_point, run
from scripts.errors import BuildError
from scripts.pins import ROOT

# Kept to one version: another one may want another form.
NPM_PACKAGE = "@bazel/buildifier@8.2.1"
OPTIONS = ["-mode=check", "-lint=warn"]
PATTERNS = ("BUILD.bazel", "*.BUILD.bazel", "WORKSPACE", "*.bzl")
FOLDERS = ("patches", "pywhispercpp", "scripts", "toolchains", "wheels")


def files(root: Path = ROOT) -> list[Path]:
    """Return the Bazel files of the checkout: those on top and those below the folders of the project."""
    found = {path for pattern in PATTERNS for path in root.glob(pattern)}
    for folder in FOLDERS:
        found |= {path for pattern in PATTERNS for path in (root / folder).rglob(pattern)}
    return sorted(found)


def _from_path() -> Iterator[list[Argument]]:
    if buildifier := shutil.which("buildifier"):
        yield [buildifier]


def _from_npm() -> Iterator[list[Argument]]:
    if npm := shutil.which("npm"):
        yield [npm, "exec", "--yes", f"--package={NPM_PACKAGE}", "--", "buildifier"]


WAYS: list[Callable[[], Iterator[list[Argument]]]] = [_from_path, _from_npm]


def find() -> list[Argument] | None:
    """Return the command that is buildifier here, or None where it cannot be had."""
    for way in WAYS:
        for command in way():
            try:
                capture([*command, "--version"])
            except BuildError:
                continue
            return command
    return None


def check_by_ourselves(paths: Sequence[Path]) -> None:
    """Apply our own rules; BuildError lists every problem."""
    found = [f"{path}:{problem}" for path in paths for problem in problems(path.read_text(encoding="utf-8"))]
    if found:
        raise BuildError("Bazel files need mending:\n" + "\n".join(found))


def main(argv: Sequence[str]) -> None:
    """Check the named files, or all."""
    paths = [Path(name) for name in argv] or files()
    buildifier = find()
    if buildifier:
        run([*buildifier, *OPTIONS, *paths])
    else:
        print("no buildifier here, nor npm to get it with: checking by the few rules of bazel_rules.py")
        check_by_ourselves(paths)
    print(f"{len(paths)} Bazel files are in form")


if __name__ == "__main__":
    entry_point(main)
