"""Try a wheel of the release: on this machine where it runs here, else on emulated CPUs."""

from __future__ import annotations

from pathlib import Path

from scripts.errors import BuildError
from wheels import emulate
from wheels.archive import load
from wheels.smoke import smoke
from wheels.staging import staging


class CannotRun(BuildError):
    """Nothing here runs such a wheel; the message says what is missing."""


def natively(wheel: Path, python: Path, audio: Path) -> str:
    """Transcribe with the wheel on this machine; return in words what was done."""
    print(smoke(wheel, audio, python), flush=True)
    return "transcribed here"


def emulated(wheel: Path, audio: Path) -> str:
    """Transcribe with the wheel on every emulated CPU of its architecture; return in words what was done.

    Raises CannotRun where there is no emulator or no Python for it, BuildError where a CPU did not do well.
    """
    with staging("pywhispercpp-trial-") as folder:
        try:
            place = emulate.prepare(load(wheel), folder)
        except BuildError as error:
            raise CannotRun(str(error)) from error
        cpus = emulate.chosen(place.arch, [])
        rows = list(emulate.rows(place, cpus, emulate.clip(audio, folder)))
    print(emulate.table(rows), flush=True)
    if bad := [f"{row.cpu.name}: {row.verdict.problem}" for row in rows if row.verdict.problem]:
        raise BuildError(f"{wheel.name} does not do well under emulation:\n  " + "\n  ".join(bad))
    return f"transcribed on emulated {', '.join(cpu.name for cpu in cpus)}"
