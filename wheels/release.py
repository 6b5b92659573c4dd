"""Make the release: every promised wheel that this machine can build, each tried, with the hashes of all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.command import entry_point
from scripts.errors import BuildError
from wheels import sdist, sums, trial
from wheels.build import SPEECH, build
from wheels.collect import DIST
from wheels.matrix import PYTHONS, TARGETS, kept, promised
from wheels.plan import Step, plan
from wheels.request import BACKENDS, parse
from wheels.seal import seal
from wheels.staging import staging


@dataclass(frozen=True)
class Row:
    """A line of the table at the end."""

    tag: str
    state: str
    remark: str = ""


@dataclass(frozen=True)
class Way:
    """How to build: the build path, and whether a wheel that cannot be run here is an error."""

    backend: str = "bazel"
    must_run: bool = False


def make(step: Step, way: Way, folder: Path) -> Row:
    """Build and try one wheel in `folder`; BuildError where it fails or is not the one that is promised."""
    promise = step.promise
    options = ["--backend", way.backend, "--profile", promise.profile, "--python", promise.python]
    request = parse([*options, "--target", promise.target], folder)
    wheel = build(request)
    if kept(wheel.name) != promise:
        raise BuildError(f"promised is {promise.tag}, built was {wheel.name}; see wheels/matrix.py")
    tried = _try(step, way, wheel, Path(request.python["executable"]))
    return Row(promise.tag, "built", f"{wheel.stat().st_size:,} bytes, {tried}")


def _try(step: Step, way: Way, wheel: Path, python: Path) -> str:
    """Run the wheel; return in words what was done."""
    try:
        return trial.natively(wheel, python, SPEECH) if step.native else trial.emulated(wheel, SPEECH)
    except trial.CannotRun as error:
        if way.must_run:
            raise
        return f"checked, but not run: {error}".splitlines()[0]


def release(steps: Sequence[Step], way: Way, dist: Path, with_sdist: bool = False) -> list[Row]:
    """Make the wheels of a plan and move them into `dist`, all or none; return the table."""
    dist.mkdir(parents=True, exist_ok=True)
    # Beside dist, on the same file system, so that each file arrives there whole.
    with staging(f".{dist.name}-release-", dist.parent) as folder:
        rows = [
            Row(step.promise.tag, "skipped", step.reason) if step.reason else make(step, way, folder)
            for step in steps
        ]
        if not any(row.state == "built" for row in rows):
            raise BuildError(f"nothing of this can be built here:\n{table(rows)}")
        if with_sdist:
            rows.append(make_sdist(folder))
        move(seal(folder), dist)
    return rows


def make_sdist(folder: Path) -> Row:
    """Build the sdist in `folder`."""
    file = sdist.build(parse(["--backend", "cmake"], folder))
    return Row("sdist", "built", f"{file.stat().st_size:,} bytes")


def move(files: Sequence[Path], dist: Path) -> None:
    """Move sealed files into `dist`. SHA256SUMS goes first and comes last: without it there is no release."""
    (dist / sums.NAME).unlink(missing_ok=True)
    for file in [*files, files[0].parent / sums.NAME]:
        file.replace(dist / file.name)


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    width = max(len(row.tag) for row in rows)
    return "\n".join(f"{row.tag:<{width}}  {row.state:<7}  {row.remark}".rstrip() for row in rows)


def main(argv: Sequence[str]) -> None:
    """Make the release, or with --dry-run say what would be made; the table comes last."""
    parser = argparse.ArgumentParser(prog="nox -s release --", description=__doc__)
    several: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--python", metavar="3.N", help=f"of {', '.join(PYTHONS)}", **several)
    parser.add_argument("--target", help=f"of {', '.join(TARGETS)}", **several)
    parser.add_argument("--road", default="", choices=sorted({t.road for t in TARGETS.values()}))
    parser.add_argument("--backend", choices=BACKENDS, default="bazel", help="build path (default: bazel)")
    parser.add_argument("--dist", type=Path, default=DIST, help="where it goes (default: wheels/dist)")
    parser.add_argument("--must-run", action="store_true", help="a wheel that cannot be run here is an error")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be built, and why not")
    given = parser.parse_args(argv)
    steps = plan(promised(given.python, given.target, given.road))
    if given.dry_run:
        print(table([Row(s.promise.tag, "skip" if s.reason else "build", s.reason) for s in steps]))
        return
    way = Way(given.backend, given.must_run)
    # A part of the release has no sdist of its own.
    whole = not (given.python or given.target or given.road)
    rows = release(steps, way, given.dist.resolve(), with_sdist=whole)
    print(f"\n{table(rows)}\n\nhashes: {given.dist / sums.NAME} (sha256sum -c, nox -s seal -- --check)")


if __name__ == "__main__":
    entry_point(main)
