"""Check of the bill of materials: it is there, readable, about this wheel, and names every part (PEP 770)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from wheels.archive import Wheel
from wheels.codes import Code, Finding
from wheels.promises import PACKAGE, SBOM, SBOM_PARTS, ZIG_MARK, ZIG_SBOM_PARTS


def check_sbom(wheel: Wheel) -> Iterator[Finding]:
    """The promised bill is CycloneDX, tells this wheel's version, and lists each part with its licence."""
    data = wheel.members.get(f"{wheel.dist_info}/{SBOM}")
    if data is None:
        yield Finding(Code.PW052, f"{SBOM} is not there")
        return
    try:
        bill = json.loads(data)
        component = bill["metadata"]["component"]
        about = (bill["bomFormat"], component["name"], component["version"])
        licensed = {part["name"] for part in bill["components"] if _has_licence(part)}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        yield Finding(Code.PW052, f"{SBOM} is no bill of CycloneDX: {error!r}")
        return
    wanted = ("CycloneDX", PACKAGE, wheel.name.raw_version)
    if about != wanted:
        yield Finding(Code.PW052, f"{SBOM} says {' '.join(map(str, about))}, expected {' '.join(wanted)}")
    by_zig = any(ZIG_MARK in wheel.members[library.name] for library in wheel.libraries)
    for part in SBOM_PARTS + (ZIG_SBOM_PARTS if by_zig else ()):
        if part not in licensed:
            yield Finding(Code.PW052, f"{SBOM}: {part} is missing or has no licence")


def _has_licence(part: dict[str, Any]) -> bool:
    return any("license" in entry or "expression" in entry for entry in part.get("licenses", []))
