"""Checks of the machine code: no library asks more of a CPU than it promises."""

from __future__ import annotations

from collections.abc import Iterator

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.isa.audit import audit


def check_isa(wheel: Wheel) -> Iterator[Finding]:
    """Every instruction is one that the promised CPUs have; the guard's, and what runs early, every CPU."""
    for report in audit(wheel):
        name = report.library
        if report.promise:
            for place in report.outside:
                extra = ", ".join(sorted(place.features - report.promise.features))
                yield Finding(Code.PW036, f"{name} ({report.promise.label}) needs {extra} at {place.text}")
        if report.unproven:
            yield Finding(Code.PW037, report.unproven)
        if report.unreadable:
            yield Finding(Code.PW037, f"{name} at {report.unreadable[0].text}")
        for place in report.early:
            yield Finding(Code.PW038, f"{name} needs {', '.join(sorted(place.features))}: {place.text}")
