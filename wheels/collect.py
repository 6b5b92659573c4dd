"""Bring a built wheel into wheels/dist: compute its tag, write it anew, verify it, then move it there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from scripts.command import entry_point
from scripts.errors import BuildError
from wheels import archive, record
from wheels.openvino import linked_version, with_pin
from wheels.staging import staging
from wheels.tag import platform_tag
from wheels.verify import verify

DIST = Path(__file__).resolve().parent / "dist"


def collect(raw: Path, dist: Path = DIST, build_number: str = "") -> Path:
    """Write `raw` with its true platform tag into `dist` and return the new path.

    `build_number` is the build tag (PEP 427) that the file gets, such as 1pi4, or "" to keep what `raw` has.
    The same content gives the same bytes, and an equal wheel that is there already is left untouched.
    Raises BuildError, and leaves `dist` as it was, for a wheel with findings.
    """
    wheel = archive.load(raw)
    final_name = _retagged_name(wheel, build_number)
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


def _retagged_name(wheel: archive.Wheel, build_number: str) -> str:
    """The file name with the build tag and, in the last place, the computed platform tag."""
    parts = wheel.path.name[: -len(".whl")].split("-")
    name, version, python, abi = *parts[:2], *parts[-3:-1]
    build = [build_number] if build_number else parts[2:-3]
    return "-".join([name, version, *build, python, abi, f"{platform_tag(wheel.libraries)}.whl"])


def _retagged_members(wheel: archive.Wheel, final_name: str) -> dict[str, bytes]:
    """The files of the wheel with WHEEL and RECORD written for the new name, and a linked OpenVINO pinned."""
    members = dict(wheel.members)
    *head, python, abi, platform = final_name[: -len(".whl")].split("-")
    others = [
        line
        for line in wheel.text("WHEEL").splitlines()
        if line and not re.match(r"(Tag|Build)\s*:", line, re.I)
    ]
    others += [f"Build: {number}" for number in head[2:]]
    tags = [f"Tag: {p}-{a}-{platform}" for p in sorted(python.split(".")) for a in sorted(abi.split("."))]
    members[f"{wheel.dist_info}/WHEEL"] = "\n".join([*others, *tags, ""]).encode()
    if version := linked_version(wheel.libraries):
        members[f"{wheel.dist_info}/METADATA"] = with_pin(wheel.text("METADATA"), version).encode()
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
    parser.add_argument("--build-number", default="", help="build tag of the file name (default: as it is)")
    arguments = parser.parse_args(argv)
    print(collect(arguments.raw, arguments.dist.resolve(), arguments.build_number))


if __name__ == "__main__":
    entry_point(main)
