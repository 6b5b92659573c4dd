"""Run wheels on emulated CPUs before they ship: the right code is chosen, and it hears the right words."""

from __future__ import annotations

import argparse
import json
import shutil
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from scripts import fetch_openvino
from scripts.command import entry_point
from scripts.errors import BuildError
from scripts.openvino import IR, VERSION
from scripts.pins import BUILD
from wheels import archive, emulator, foreign
from wheels.archive import Wheel
from wheels.cpus import CPUS, Cpu
from wheels.emulator import Emulator
from wheels.expectation import CLIP_SECONDS, CLIP_WORDS, NOTHING_LEFT, Verdict, judge, variants_in
from wheels.interpreter import Interpreter, ask, refusal
from wheels.promises import OPENVINO_PACKAGE
from wheels.staging import staging
from wheels.tag import libc_of, machine_of
from wheels.variants import member

SPEECH = BUILD / "whisper.cpp" / "samples" / "jfk.wav"
_SCRIPT = Path(__file__).with_name("emulate_script.py")
_HEAD = ("CPU", "board", "words", "seconds", "result")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    wheel: Path
    cpu: Cpu
    verdict: Verdict
    seconds: float


@dataclass(frozen=True)
class Place:
    """A wheel, installed below `folder` for an emulated Python.

    Attributes:
        openvino: the libraries of a runtime for it, where OpenVINO's encoder is to be used.
        ir: the IR of that encoder.
    """

    wheel: Wheel
    arch: str
    emulator: Emulator
    package: Path
    dependencies: Path
    folder: Path
    openvino: Path | None = None
    ir: Path = IR

    def run(self, cpu: Cpu, audio: Path | None, variants: Sequence[str]) -> Verdict:
        """Run the script on a CPU and judge it; `variants` are those that the package still has."""
        paths = json.dumps([str(self.package), str(self.dependencies)])
        arguments = [paths, *(str(path or "") for path in (audio, self.openvino, self.ir))]
        try:
            ended = self.emulator.run(cpu.name, _SCRIPT, arguments, self.folder)
        except BuildError as error:  # it took too long; the other CPUs may not
            return Verdict("FAILED", problem=str(error))
        return judge(ended, variants, self.arch, cpu)


def architecture(wheel: Wheel) -> str:
    """The one architecture of a wheel; BuildError where it has none that can be emulated."""
    found = {machine_of(platform) for platform in wheel.platforms}
    if len(found) != 1 or not found <= set(CPUS):
        raise BuildError(
            f"{wheel.path.name} cannot be emulated: it is for {', '.join(sorted(found))}; "
            f"there are emulated CPUs for {', '.join(CPUS)}"
        )
    return found.pop()


def chosen(arch: str, names: Sequence[str]) -> list[Cpu]:
    """The CPUs of an architecture, or those that were named; BuildError lists them where none fits."""
    found = [cpu for cpu in CPUS[arch] if not names or cpu.name in names]
    if not found:
        listing = "\n".join(f"  {cpu.name:14} {cpu.board}" for cpu in CPUS[arch])
        raise BuildError(f"no CPU of {arch} is named {' or '.join(names)}; there are:\n{listing}")
    return found


def prepare(wheel: Wheel, folder: Path) -> Place:
    """Find the emulator and its Python, and install the wheel; BuildError where it does not fit."""
    arch = architecture(wheel)
    tag = sorted(wheel.name.tags, key=str)[0].interpreter
    version = f"{tag[2]}.{tag[3:]}" if tag[:2] == "cp" and tag[3:].isdigit() else "3.11"
    found = emulator.find(arch, version, libc_of(wheel.libraries))
    python = ask(found.python, found.through(CPUS[arch][-1].name))
    _require_version(wheel, python, found)
    if reason := refusal(wheel.name, python):
        raise BuildError(f"{wheel.path.name} cannot be emulated: {reason}")
    package = foreign.install(wheel, python, folder / "installed")
    dependencies = foreign.dependencies(wheel, python)
    _put_beside(package, dependencies / OPENVINO_PACKAGE)
    return Place(wheel, arch, found, package, dependencies, folder)


def _require_ir(ir: Path) -> None:
    """Raise BuildError, with how to make it, where there is no IR."""
    if not ir.is_file():
        raise BuildError(
            f"there is no IR of tiny.en at {ir}; nox -s build_wheel -- --openvino leaves one there, or name "
            "one that pywhispercpp models export openvino has made: --ir X.xml"
        )


def _put_beside(package: Path, dependency: Path) -> None:
    """Show a dependency beside the package, where a wheel that is linked with it looks; it may not be one."""
    if dependency.is_dir():
        (package / dependency.name).symlink_to(dependency.resolve())


def _require_version(wheel: Wheel, python: Interpreter, found: Emulator) -> None:
    """A sysroot has one Python, that of this machine's Debian; BuildError where the wheel is for another."""
    own = f"cp{python.version[0]}{python.version[1]}"
    wanted = {tag.interpreter for tag in wheel.name.tags}
    if found.sysroot is not None and not wanted & {own, "py3"}:
        raise BuildError(
            f"{wheel.path.name} is for {', '.join(sorted(wanted))}, and the emulated Python, Debian's for "
            f"{python.machine}, is {own}: run one built with --python {'.'.join(map(str, python.version))}"
        )


def clip(audio: Path, folder: Path) -> Path:
    """The first seconds of a wav file."""
    target = folder / "clip.wav"
    with wave.open(str(audio)) as source, wave.open(str(target), "wb") as short:
        short.setparams(source.getparams())
        short.writeframes(source.readframes(int(CLIP_SECONDS * source.getframerate())))
    return target


def hidden_one_by_one(place: Place, cpu: Cpu, best: str) -> Verdict:
    """Remove the variant that was chosen, again and again: the next best must be, and in the end none."""
    package = Path(shutil.copytree(place.package, place.folder / f"hidden-{cpu.name}"))
    left, gone, other = variants_in(place.wheel, place.arch), [], replace(place, package=package)
    verdict = Verdict(best)
    while verdict.outcome in left:
        left.remove(verdict.outcome)
        gone.append(verdict.outcome)
        (package / member(verdict.outcome)).unlink()
        verdict = other.run(cpu, None, left)
        if verdict.problem:
            return replace(verdict, problem=f"without {' '.join(gone)}: {verdict.problem}")
    return Verdict(f"hidden one by one: {' '.join(gone)}; then {verdict.outcome}")


def rows(place: Place, cpus: Sequence[Cpu], audio: Path | None) -> Iterator[Row]:
    """Run a wheel on each CPU; one with variants also without them. `audio` None: no words are asked for."""
    variants = variants_in(place.wheel, place.arch)
    for cpu in cpus:
        start = time.monotonic()
        verdict = place.run(cpu, audio, variants)
        if verdict.outcome == NOTHING_LEFT:
            verdict = replace(verdict, problem="a portable wheel must have something for every CPU")
        yield Row(place.wheel.path, cpu, verdict, time.monotonic() - start)
        if verdict.outcome in variants and not verdict.problem:
            start = time.monotonic()
            verdict = hidden_one_by_one(place, cpu, verdict.outcome)
            yield Row(place.wheel.path, cpu, verdict, time.monotonic() - start)


def emulate(
    wheels: Sequence[Wheel],
    names: Sequence[str],
    audio: Path | None,
    openvino: str = "",
    ir: Path = IR,
) -> list[Row]:
    """Run every wheel on the CPUs of its architecture (those that are named, if any are).

    With `openvino`, a version, its encoder is used, of the IR `ir`.
    """
    cpus = [chosen(architecture(wheel), names) for wheel in wheels]  # before any work is done
    if openvino:
        _require_ir(ir)
    found: list[Row] = []
    for wheel, those in zip(wheels, cpus):
        with staging("pywhispercpp-emulate-") as folder:
            place = prepare(wheel, folder)
            if openvino:
                place = replace(place, openvino=fetch_openvino.fetch(openvino, place.arch) / "libs", ir=ir)
            for row in rows(place, those, audio and clip(audio, folder)):
                found.append(row)
                print(f"  {row.cpu.name}: {row.verdict.problem or row.verdict.outcome}", flush=True)
    return found


def table(found: Sequence[Row]) -> str:
    """The rows under a head, wheel by wheel, and below them what was not as it should be."""
    cells = [_HEAD]
    cells += [
        (r.cpu.name, r.cpu.board, r.verdict.words, f"{r.seconds:.0f}", r.verdict.outcome) for r in found
    ]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
    result: list[str] = []
    for wheel, group in groupby(zip(found, lines[1:]), key=lambda pair: pair[0].wheel):
        result += ["", str(wheel), lines[0], *(line for _, line in group)]
    wrong = [
        f"{row.wheel.name} on {row.cpu.name}: {row.verdict.problem}" for row in found if row.verdict.problem
    ]
    return "\n".join([*result, "", *wrong]).strip()


def main(argv: Sequence[str]) -> None:
    """Run the wheels, print the table, and exit with 1 where something was not as it should be."""
    parser = argparse.ArgumentParser(prog="nox -s emulate --", description=__doc__)
    parser.add_argument("wheels", type=Path, nargs="+", metavar="X.whl")
    parser.add_argument(
        "--cpu", action="append", default=[], metavar="NAME", help="only this CPU (repeatable)"
    )
    parser.add_argument("--quick", action="store_true", help="import and choose, but transcribe nothing")
    parser.add_argument("--audio", type=Path, default=SPEECH, help=f"a wav that begins “{CLIP_WORDS}”")
    parser.add_argument(
        "--openvino", default="", metavar="VERSION", help=f"use its encoder, of this version ({VERSION}, say)"
    )
    parser.add_argument(
        "--ir",
        type=Path,
        default=IR,
        help="for it: an IR of tiny.en (default: of nox -s build_wheel -- --openvino)",
    )
    given = parser.parse_args(argv)
    wheels, audio = [archive.load(path) for path in given.wheels], None if given.quick else given.audio
    found = emulate(wheels, given.cpu, audio, given.openvino, given.ir.resolve())
    print(f"\n{table(found)}")
    if any(row.verdict.problem for row in found):
        raise SystemExit(1)


if __name__ == "__main__":
    entry_point(main)
