"""Check wheels by value: `python -m wheels.verify X.whl …` prints OK or what is wrong and what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from wheels import checks
from wheels.archive import UnreadableWheel, load
from wheels.codes import Finding


def verify(path: Path) -> list[Finding]:
    """Run every check on a wheel; the findings in the order of the checks, none for a good wheel."""
    try:
        wheel = load(path)
    except UnreadableWheel as error:
        return [error.finding]
    return [finding for check in checks.ALL for finding in check(wheel)]


def main(argv: Sequence[str] | None = None) -> int:
    """Verify each wheel named on the command line; 0 when all are good, else 1."""
    parser = argparse.ArgumentParser(prog="python -m wheels.verify", description=__doc__)
    parser.add_argument("wheels", nargs="+", type=Path, metavar="X.whl")
    bad = False
    for path in parser.parse_args(argv).wheels:
        findings = verify(path)
        bad = bad or bool(findings)
        for line in [str(finding) for finding in findings] or ["OK"]:
            print(f"{path.name}: {line}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
