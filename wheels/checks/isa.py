"""Checks of the machine code: no library asks more of a CPU than it promises."""

from __future__ import annotations

from collections.abc import Iterator

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.isa.audit import Place, audit


def check_isa(wheel: Wheel) -> Iterator[Finding]:
    """Every instruction is one that the promised CPUs have; the guard's, and what runs early, every CPU."""
    for report in audit(wheel):
        name = report.library
        if report.outside:
            label = report.promise.label if report.promise else ""
            yield Finding(Code.PW036, f"{name}, for {label}, {_listed(report.outside)}")
        if report.unproven:
            yield Finding(Code.PW037, report.unproven)
        if report.unreadable:
            yield Finding(Code.PW037, f"{name} at {report.unreadable[0].text}")
        if report.early:
            yield Finding(Code.PW038, f"{name} {_listed(report.early)}")


def _listed(places: tuple[Place, ...]) -> str:
    """What is needed, with one place that needs it: the first of each feature is enough to find the flag."""
    first: dict[str, str] = {}
    for place in places:
        for feature in sorted(place.features):
            first.setdefault(feature, place.text)
    return "needs " + "; ".join(f"{feature} at {text}" for feature, text in sorted(first.items()))
