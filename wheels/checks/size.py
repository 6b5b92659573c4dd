"""Check of the size: a wheel does not grow unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.promises import PORTABLE_SIZE_LIMITS, SIZE_LIMITS
from wheels.tag import machine_of


def check_size(wheel: Wheel) -> Iterator[Finding]:
    """The compressed file keeps to the promise for its machine; unknown machines to the smallest one."""
    size = wheel.path.stat().st_size
    limits = PORTABLE_SIZE_LIMITS if wheel.is_portable else SIZE_LIMITS
    for machine in sorted({machine_of(platform) for platform in wheel.platforms}):
        limit = limits.get(machine, min(limits.values()))
        if size > limit:
            yield Finding(Code.PW070, f"{size:,} bytes, promised for {machine} are {limit:,}")
