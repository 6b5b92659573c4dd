"""Bring a built wheel into wheels/dist: compute its tag, write it anew, verify it, then move it there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.errors import BuildError
from wheels import archive, record
from wheels.staging import staging
from wheels.tag import platform_tag
from wheels.verify import verify

DIST = Path(__file__).resolve().parent / "dist"


def collect(raw: Path, dist: Path = DIST) -> Path:
    """Write `raw` with its true platform tag into `dist` and return the new path.

    The same content gives the same bytes, and an equal wheel that is there already is left untouched.
    Raises BuildError, and leaves `dist` as it was, for a wheel with findings.
    """
    wheel = archive.load(raw)
    final_name = _retagged_name(wheel)
    dist.mkdir(parents=True, exist_ok=True)
    # Beside dist, on the same file system, so that the last step is one rename and dist never holds a half.
    with staging(f".{dist.name}-", dist.parent) as folder:
        candidate = folder / final_name
        archive.write(candidate, _retagged_members(wheel, final_name))
        _require_good(candidate)
        final = dist / final_name
        if not (final.is_file() and final.read_bytes() == candidate.read_bytes()):
            candidate.replace(final)
    return final


def _retagged_name(wheel: archive.Wheel) -> str:
    """The file name with the computed platform tag in the last place."""
    head = wheel.path.name[: -len(".whl")].rpartition("-")[0]
    return f"{head}-{platform_tag(wheel.libraries)}.whl"


def _retagged_members(wheel: archive.Wheel, final_name: str) -> dict[str, bytes]:
    """The files of the wheel with WHEEL and RECORD written for the new name."""
    members = dict(wheel.members)
    python, abi, platform = final_name[: -len(".whl")].split("-")[-3:]
    others = [
        line for line in wheel.text("WHEEL").splitlines() if line and not re.match(r"Tag\s*:", line, re.I)
    ]
    tags = [f"Tag: {p}-{a}-{platform}" for p in sorted(python.split(".")) for a in sorted(abi.split("."))]
    members[f"{wheel.dist_info}/WHEEL"] = "\n".join([*others, *tags, ""]).encode()
    record_name = f"{wheel.dist_info}/RECORD"
    # A signature would no longer fit.
    for signature in (f"{record_name}.jws", f"{record_name}.p7s"):
        members.pop(signature, None)
    members[record_name] = record.render(members, record_name)
    return members


def _require_good(candidate: Path) -> None:
    """Stop where the written wheel has findings, and name them all."""
    findings = verify(candidate)
    if findings:
        lines = "\n".join(f"  {finding}" for finding in findings)
        raise BuildError(f"{candidate.name} is not good enough to be collected:\n{lines}")


def main(argv: Sequence[str]) -> None:
    """Collect one wheel; its final path is the last line printed."""
    parser = argparse.ArgumentParser(prog="python -m wheels.collect", description=__doc__)
    parser.add_argument("raw", type=Path, metavar="RAW.whl")
    parser.add_argument(
        "--dist", type=Path, default=DIST, help="folder for good wheels (default: wheels/dist)"
    )
    arguments = parser.parse_args(argv)
    print(collect(arguments.raw, arguments.dist.resolve()))


if __name__ == "__main__":
    entry_point(main)
