"""What a wheel has to do with OpenVINO: the version that it is linked with, and the one that it pins."""

from __future__ import annotations

from collections.abc import Iterable
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from scripts.errors import BuildError
from scripts.openvino import version_of
from wheels.elf import ElfFile
from wheels.promises import OPENVINO_PACKAGE

#: OpenVINO's C library of any version, as auditwheel takes the names of libraries to leave out.
PATTERN = "libopenvino_c.so.*"


def needs_openvino(library: ElfFile) -> bool:
    """Whether a library is linked with OpenVINO's C library."""
    return any(map(version_of, library.needed))


def linked_version(libraries: Iterable[ElfFile]) -> str:
    """The version of OpenVINO that these are linked with, told by the library's name; empty where none is.

    Raises BuildError for two: no process can have both.
    """
    found = sorted({version_of(needed) for library in libraries for needed in library.needed} - {""})
    if len(found) > 1:
        raise BuildError(f"a wheel is linked with one version of OpenVINO, found {' and '.join(found)}")
    return found[0] if found else ""


def pins(metadata: str) -> list[str]:
    """What METADATA demands of the package openvino, in every case: `==2026.4.1`; extras do not count."""
    found = []
    for line in HeaderParser().parsestr(metadata).get_all("Requires-Dist", []):
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # PW060 says so
        if canonicalize_name(requirement.name) == OPENVINO_PACKAGE and requirement.marker is None:
            found.append(str(requirement.specifier))
    return found


def with_pin(metadata: str, version: str) -> str:
    """METADATA that demands this version of the package openvino; it stays as it is where it does already."""
    if pins(metadata) == [f"=={version}"]:
        return metadata
    head, separator, text = metadata.partition("\n\n")
    lines = head.split("\n")
    last = max(
        (n for n, line in enumerate(lines) if line.startswith("Requires-Dist:")), default=len(lines) - 1
    )
    lines.insert(last + 1, f"Requires-Dist: {OPENVINO_PACKAGE}=={version}")
    return "\n".join(lines) + separator + text
