"""Measures wheels against each other, encoders, whole files, the text with less audio context, the service.

nox -s bench -- [wheels] a.whl b.whl
nox -s bench -- encoder --model base --threads 2
nox -s bench -- files
nox -s bench -- audio-context
nox -s bench -- service
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.pins import BUILD, CTRANSLATE2, ROOT
from wheels.bench import audio_context, encoder, files, service, wheels
from wheels.bench.setups import Setups, newest
from wheels.request import PYTHON_VERSION, find_python

WHAT = {"encoder": encoder, "files": files, "audio-context": audio_context, "service": service}
JFK = BUILD / "whisper.cpp" / "samples" / "jfk.wav"


def parser() -> argparse.ArgumentParser:
    """Return the parser; each benchmark says in its own file what it measures."""
    made = argparse.ArgumentParser(
        prog="nox -s bench --", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    each = made.add_subparsers(dest="what", required=True)
    _common(each.add_parser("wheels", help=wheels.__doc__), rounds=9, threads=2).add_argument(
        "wheels", nargs="+", type=Path, metavar="X.whl"
    )
    for name, module in WHAT.items():
        one = _common(each.add_parser(name, help=module.__doc__), rounds=9, threads=1)
        one.add_argument(
            "--wheel", type=Path, metavar="X.whl", help="ours (default: the newest in wheels/dist)"
        )
        one.add_argument("--model", choices=list(CTRANSLATE2), default="tiny.en")
        if hasattr(module, "add_arguments"):
            module.add_arguments(one)
    return made


def _common(one: argparse.ArgumentParser, rounds: int, threads: int) -> argparse.ArgumentParser:
    one.add_argument("--rounds", type=int, default=rounds)
    one.add_argument("--threads", type=int, default=threads)
    one.add_argument("--python", default=PYTHON_VERSION, metavar="3.N")
    one.add_argument("--audio", type=Path, default=JFK, help=argparse.SUPPRESS)
    return one


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; wheels alone mean `wheels`."""
    named = argv and not argv[0].endswith(".whl")
    return parser().parse_args(argv if named else ["wheels", *argv])


def main(argv: Sequence[str]) -> None:
    """Run one benchmark."""
    given = arguments(argv)
    python = Path(find_python(given.python)["executable"])
    if given.what == "wheels":
        wheels.run(python, given)
        return
    wheel = given.wheel or newest(ROOT / "wheels" / "dist")
    WHAT[given.what].run(Setups(wheel, python, given.model, given.threads), given)


if __name__ == "__main__":
    entry_point(main)
