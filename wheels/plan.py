"""Which promised wheels this machine can build and try, and what it lacks for the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scripts.errors import BuildError
from toolchains import targets
from toolchains.python import interpreter
from wheels.matrix import Promise
from wheels.request import find_python


@dataclass(frozen=True)
class Step:
    """One promised wheel; `reason` says in words why it cannot be built here, empty where it can."""

    promise: Promise
    reason: str = ""

    @property
    def native(self) -> bool:
        """Whether this machine runs the wheel itself."""
        return self.promise.target == targets.host()


def plan(promises: Iterable[Promise]) -> list[Step]:
    """Look for what each wheel needs: its Python."""
    promises = list(promises)
    lacking = {python: _lacking(python) for python in dict.fromkeys(p.python for p in promises)}
    return [Step(promise, lacking[promise.python]) for promise in promises]


def _lacking(python: str) -> str:
    """What this machine lacks for a Python, and how to get it; empty where it is there."""
    try:
        find_python(python)
    except BuildError as error:
        if interpreter.from_pyenv(python) is None:
            return f"no Python {python} here: pyenv install {python}"
        return str(error)
    return ""
