"""What auditwheel, the reference tool, says about a wheel."""

from __future__ import annotations

from pathlib import Path

from auditwheel.architecture import Architecture  # type: ignore[import-untyped]
from auditwheel.error import AuditwheelError  # type: ignore[import-untyped]
from auditwheel.libc import Libc  # type: ignore[import-untyped]
from auditwheel.wheel_abi import analyze_wheel_abi  # type: ignore[import-untyped]

from scripts.errors import BuildError
from wheels.openvino import PATTERN


def auditwheel_platform(path: Path, machine: str, libc: str = "glibc") -> str:
    """The platform tag `auditwheel show` names; raises BuildError where auditwheel cannot judge."""
    try:
        judged = analyze_wheel_abi(
            Libc(libc),
            Architecture(machine),
            path.resolve(),
            # A library of another package, which it would have to be told of: PW063 is about that.
            frozenset({PATTERN}),
            disable_isa_ext_check=False,
            allow_graft=False,
        )
    except (AuditwheelError, ValueError) as error:
        raise BuildError(f"auditwheel cannot judge {path.name}: {error}") from error
    return str(judged.overall_policy.name)
