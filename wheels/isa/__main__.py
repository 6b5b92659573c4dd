"""Show what the code of wheels asks of a CPU: `python -m wheels.isa X.whl …` prints a table per wheel."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from scripts.errors import BuildError
from wheels.archive import load
from wheels.isa.audit import Report, audit


def main(argv: Sequence[str] | None = None) -> int:
    """Audit each wheel named on the command line; 0 where every promise is kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m wheels.isa", description=__doc__)
    parser.add_argument("wheels", nargs="+", type=Path, metavar="X.whl")
    broken = False
    for path in parser.parse_args(argv).wheels:
        try:
            reports = list(audit(load(path)))
        except BuildError as error:
            print(error)
            broken = True
            continue
        broken = broken or not all(report.kept for report in reports)
        print(path.name)
        print("\n".join(_table(reports)))
    return int(broken)


def _table(reports: list[Report]) -> list[str]:
    """A line per library, aligned, and below it what breaks its promise."""
    width = max((len(_short(report)) for report in reports), default=0)
    lines = []
    for report in reports:
        promised = report.promise.label if report.promise else "?"
        verdict = "kept" if report.kept else "BROKEN"
        found = " ".join(sorted(report.found)) or "only what every CPU has"
        if report.not_read:
            verdict, found = "?", f"not read: {report.not_read}"
        lines.append(f"  {_short(report):{width}}  {promised:14}  {verdict:6}  {found}")
        lines += [f"    {line}" for line in _complaints(report)]
    return lines


def _short(report: Report) -> str:
    return PurePosixPath(report.library).name


def _complaints(report: Report) -> list[str]:
    places = [*report.outside, *report.unreadable, *report.early]
    return [*(f"{' '.join(sorted(p.features))}: {p.text}" for p in places), *filter(None, [report.unproven])]


if __name__ == "__main__":
    sys.exit(main())
