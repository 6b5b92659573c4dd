"""`pywhispercpp info`: what a bug report needs, in words or as JSON."""

from __future__ import annotations

import argparse
import json

from pywhispercpp import bug_report
from pywhispercpp.cli.models.options import add_models_dir

__all__ = ["add_parser", "run"]

DESCRIPTION = """Tell what this installation is and what it runs on: the build, the CPU and the code taken for
it, OpenVINO, Python and the system, packages, models, and the environment variables that matter.
It loads no model and changes nothing; a part that fails says why, and the others are told all the
same. Put it into a bug report."""

EPILOG = """examples:
  pywhispercpp info
  pywhispercpp info --json > report.json

exit codes:
  0 told
  1 this CPU lacks what the build needs: what can be told all the same is on standard error
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "info",
        help="tell what a bug report needs: build, CPU, backends, versions, models",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("--json", action="store_true", help="print JSON (default: words)")
    add_models_dir(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    report = bug_report.collect(args.models_dir)
    print(json.dumps(report, indent=2) if args.json else bug_report.in_words(report).rstrip())
    return 0
