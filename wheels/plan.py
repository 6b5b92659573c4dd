"""Which promised wheels this machine can build and try, and what it lacks for the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scripts.errors import BuildError
from toolchains import profiles
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
        where = self.promise.where
        return where.system == "manylinux" and where.arch == profiles.machine()


def plan(promises: Iterable[Promise]) -> list[Step]:
    """Look for what each wheel needs."""
    return [Step(promise, _lacking(promise)) for promise in promises]


def _lacking(promise: Promise) -> str:
    """What this machine lacks for a wheel, and how to get it."""
    try:
        find_python(promise.python)
    except BuildError as error:
        if interpreter.from_pyenv(promise.python) is None:
            return f"no Python {promise.python} here: pyenv install {promise.python}"
        return str(error)
    return ""
