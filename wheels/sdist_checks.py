"""The checks of an sdist and their codes: it holds exactly what it should, and no trace of its maker."""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from packaging.metadata import ExceptionGroup, Metadata

from scripts.errors import BuildError
from wheels.checks.contents import build_paths
from wheels.codes import Finding
from wheels.promises import SDIST_MEMBER_TIME, SDIST_SIZE_LIMIT

METADATA = "PKG-INFO"


class SdistCode(Enum):
    """Everything that `python -m wheels.sdist` can find: what is wrong and what to do."""

    PS001 = "the file is no sdist: NAME-VERSION.tar.gz, a tar archive with one folder; build it again"
    PS002 = "a member is a link, stands twice, or would unpack outside its place; keep plain files"
    PS003 = "a file is inside that git does not track and no build reads; leave it out"
    PS004 = "a file that git tracks or a build reads is missing; see toolchains/sdist_files.py"
    PS005 = "a file is not that of the checkout or of the pinned and patched whisper.cpp; fetch anew"
    PS006 = "a member tells who packed it or when; let wheels.sdist write it"
    PS007 = "a path of the machine that packed it is inside; take it out of the file"
    PS008 = "PKG-INFO is not valid for an index or not of this name and version; mend pyproject.toml"
    PS009 = "the sdist is larger than promised; find what grew before raising wheels/promises.py"


class UnreadableSdist(BuildError):
    """An sdist too broken to check further; `finding` says why."""

    def __init__(self, path: Path, finding: Finding) -> None:
        super().__init__(f"{path.name}: {finding}")
        self.finding = finding


@dataclass(frozen=True)
class Sdist:
    """An sdist in memory: `members` by their names inside its one folder, `infos` as archived."""

    path: Path
    members: Mapping[str, bytes]
    infos: tuple[tarfile.TarInfo, ...]

    @property
    def stem(self) -> str:
        """NAME-VERSION: the file name without its ending, and the name of the folder."""
        return self.path.name[: -len(".tar.gz")]


def load(path: Path) -> Sdist:
    """Read every file of an sdist; raises UnreadableSdist (PS001, PS002)."""
    if not re.fullmatch(r"[a-z0-9_]+-[0-9][^-/]*\.tar\.gz", path.name):
        raise UnreadableSdist(path, Finding(SdistCode.PS001, "its name"))
    top = path.name[: -len(".tar.gz")] + "/"
    members: dict[str, bytes] = {}
    infos: list[tarfile.TarInfo] = []
    try:
        with tarfile.open(path, "r:gz") as archive:
            for info in archive:
                name = info.name[len(top) :]
                astray = not info.name.startswith(top) or ".." in name.split("/") or not name
                if astray or not info.isreg() or name in members:
                    raise UnreadableSdist(path, Finding(SdistCode.PS002, repr(info.name)))
                data = archive.extractfile(info)
                assert data is not None  # a regular file
                members[name] = data.read()
                infos.append(info)
    except (OSError, EOFError, tarfile.TarError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableSdist(path, Finding(SdistCode.PS001, str(error))) from error
    return Sdist(path, members, tuple(infos))


Expected = Mapping[str, bytes]
Check = Callable[[Sdist, Expected], Iterator[Finding]]


def check_names(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """Exactly the expected files and PKG-INFO are inside."""
    wanted = {*expected, METADATA}
    yield from (Finding(SdistCode.PS003, name) for name in sorted(set(sdist.members) - wanted))
    yield from (Finding(SdistCode.PS004, name) for name in sorted(wanted - set(sdist.members)))


def check_contents(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """Each file is byte for byte what it was taken from."""
    for name in sorted(set(sdist.members) & set(expected)):
        if sdist.members[name] != expected[name]:
            yield Finding(SdistCode.PS005, name)


def check_traces(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """Owner, time and permissions are the same wherever it is packed."""
    for info in sdist.infos:
        owner = (info.uid, info.gid, info.uname, info.gname)
        mode = info.mode & 0o7777
        if owner != (0, 0, "", "") or info.mtime != SDIST_MEMBER_TIME or mode not in (0o644, 0o755):
            detail = f"{info.name}: owner {owner}, time {info.mtime}, mode {mode:o}"
            yield Finding(SdistCode.PS006, detail)


def check_build_paths(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """No file tells where the checkout or the home folder of the builder is.

    Not the wheel's whole list of build paths: sources and tests may speak of them.
    """
    for name, place in build_paths(sdist.members, ()):
        yield Finding(SdistCode.PS007, f"{name} holds {place!r}")


def check_metadata(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """PKG-INFO is valid core metadata for the name and version of the file."""
    try:
        facts = Metadata.from_email(sdist.members.get(METADATA, b""), validate=True)
    except ExceptionGroup as group:
        yield Finding(SdistCode.PS008, "; ".join(str(error) for error in group.exceptions))
        return
    if sdist.stem != (said := f"{facts.name.replace('-', '_')}-{facts.version}"):
        yield Finding(SdistCode.PS008, f"PKG-INFO says {said}, the file {sdist.stem}")


def check_size(sdist: Sdist, expected: Expected) -> Iterator[Finding]:
    """The compressed file keeps to the promise."""
    size = sdist.path.stat().st_size
    if size > SDIST_SIZE_LIMIT:
        yield Finding(SdistCode.PS009, f"{size:,} bytes, promised are {SDIST_SIZE_LIMIT:,}")


ALL: tuple[Check, ...] = (
    check_names,
    check_contents,
    check_traces,
    check_build_paths,
    check_metadata,
    check_size,
)


def verify(path: Path, expected: Expected) -> list[Finding]:
    """Run every check; `expected` maps each name to its content. No finding for a good sdist."""
    try:
        sdist = load(path)
    except UnreadableSdist as error:
        return [error.finding]
    return [finding for check in ALL for finding in check(sdist, expected)]
