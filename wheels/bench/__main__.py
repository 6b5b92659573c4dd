"""Measures wheels against each other and against other packages, and what each part is worth.

nox -s bench -- [wheels] a.whl b.whl
nox -s bench -- peers --models tiny.en --threads 2 --strategies greedy
nox -s bench -- levers
nox -s bench -- report
nox -s bench -- feel --threads 2
nox -s bench -- encoder --model base --threads 2
nox -s bench -- audio-context
nox -s bench -- service
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.pins import BUILD, CTRANSLATE2, ROOT
from wheels.bench import audio_context, encoder, feel, levers, peers, report, service, wheels
from wheels.bench.setups import Setups, newest
from wheels.request import PYTHON_VERSION, find_python

WHAT = {"encoder": encoder, "audio-context": audio_context, "feel": feel, "service": service}
#: Those that go through models by themselves, and keep what they measure.
KEPT = {"peers": peers, "levers": levers}
JFK = BUILD / "whisper.cpp" / "samples" / "jfk.wav"


def parser() -> argparse.ArgumentParser:
    """Return the parser; each benchmark says in its own file what it measures."""
    made = argparse.ArgumentParser(
        prog="nox -s bench --", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    each = made.add_subparsers(dest="what", required=True)
    one = _common(each.add_parser("wheels", help=wheels.__doc__), rounds=9)
    one.add_argument("wheels", nargs="+", type=Path, metavar="X.whl")
    one.add_argument("--threads", type=int, default=2)
    for name, module in WHAT.items():
        one = _ours(_common(each.add_parser(name, help=module.__doc__), rounds=9))
        one.add_argument("--threads", type=int, default=1)
        one.add_argument("--model", choices=list(CTRANSLATE2), default="tiny.en")
        if hasattr(module, "add_arguments"):
            module.add_arguments(one)
    for name, kept in KEPT.items():
        kept.add_arguments(_ours(_common(each.add_parser(name, help=kept.__doc__), rounds=3)))
    each.add_parser("report", help=report.__doc__)
    return made


def _common(one: argparse.ArgumentParser, rounds: int) -> argparse.ArgumentParser:
    one.add_argument("--rounds", type=int, default=rounds)
    one.add_argument("--python", default=PYTHON_VERSION, metavar="3.N")
    one.add_argument("--audio", type=Path, default=JFK, help=argparse.SUPPRESS)
    return one


def _ours(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    one.add_argument("--wheel", type=Path, metavar="X.whl", help="ours (default: the newest in wheels/dist)")
    return one


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wheels alone mean `wheels`."""
    named = argv and not argv[0].endswith(".whl")
    return parser().parse_args(argv if named else ["wheels", *argv])


def main(argv: Sequence[str]) -> None:
    """Run one benchmark."""
    given = arguments(argv)
    if given.what == "report":
        report.run()
        return
    python = Path(find_python(given.python)["executable"])
    if given.what == "wheels":
        wheels.run(python, given)
        return
    wheel = given.wheel or newest(ROOT / "wheels" / "dist")
    if given.what in KEPT:
        KEPT[given.what].run(wheel, python, given)
        return
    WHAT[given.what].run(Setups(wheel, python, given.model, given.threads), given)


if __name__ == "__main__":
    entry_point(main)
