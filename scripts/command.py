"""Runs other programs: commands are lists, echoed before they run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Union

from scripts.errors import BuildError

Argument = Union[str, Path]


def echo(command: Sequence[Argument]) -> None:
    """Print the command as a person would type it."""
    print("+", shlex.join(map(str, command)), flush=True)


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(extra or {})}


def _failed(command: Sequence[Argument], code: int, detail: str = "") -> BuildError:
    tail = "\n" + detail.strip() if detail.strip() else ""
    return BuildError(
        f"{Path(str(command[0])).name} exited with {code}: {shlex.join(map(str, command))}{tail}"
    )


def run(
    command: Sequence[Argument], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Echo and run a command, its output going where ours goes; raise BuildError when it fails.

    `env` is laid over the present environment.
    """
    echo(command)
    try:
        code = subprocess.run(list(map(str, command)), cwd=cwd, env=_environment(env), check=False).returncode
    except OSError as error:
        raise BuildError(f"cannot run {command[0]}: {error}") from error
    if code:
        raise _failed(command, code)


def capture(
    command: Sequence[Argument], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a command quietly and return its standard output, stripped; raise BuildError when it fails."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            env=_environment(env),
            check=False,
            text=True,
            capture_output=True,
        )
    except OSError as error:
        raise BuildError(f"cannot run {command[0]}: {error}") from error
    if done.returncode:
        raise _failed(command, done.returncode, done.stderr or done.stdout)
    return done.stdout.strip()


def entry_point(main: Callable[[Sequence[str]], None]) -> None:
    """Call `main(argv)` as a program: a BuildError becomes one message and its exit code."""
    try:
        main(sys.argv[1:])
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
