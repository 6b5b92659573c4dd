"""A wheel file: read once into memory, written the same way every time."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from scripts.errors import BuildError
from wheels.codes import Code, Finding
from wheels.elf import ElfError, ElfFile, is_library, parse_elf
from wheels.variants import variant_of

# The earliest moment a zip entry can say; the same for every file, so that equal content is an equal wheel.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class UnreadableWheel(BuildError):
    """A wheel too broken to check further; `finding` says why."""

    def __init__(self, path: Path, finding: Finding) -> None:
        super().__init__(f"{path.name}: {finding}")
        self.finding = finding


@dataclass(frozen=True)
class WheelName:
    """The parts of a wheel's file name; `raw_name` and `raw_version` as they are spelt there."""

    raw_name: str
    raw_version: str
    tags: frozenset[Tag]

    @property
    def dist_info(self) -> str:
        """The folder that PEP 427 derives from the name."""
        return f"{self.raw_name}-{self.raw_version}.dist-info"


@dataclass(frozen=True)
class Wheel:
    """A wheel in memory. `names` keeps what the archive lists, doubles too; `members` holds the files."""

    path: Path
    name: WheelName
    names: tuple[str, ...]
    members: Mapping[str, bytes]

    @property
    def dist_info(self) -> str:
        """The name of the dist-info folder, without a slash."""
        return self.name.dist_info

    def text(self, name: str) -> str:
        """The text of a member of the dist-info folder; empty where it is missing."""
        return self.members.get(f"{self.dist_info}/{name}", b"").decode("utf-8", "replace")

    @property
    def platforms(self) -> frozenset[str]:
        """The platform parts of the file name's tags."""
        return frozenset(tag.platform for tag in self.name.tags)

    @property
    def is_portable(self) -> bool:
        """Whether the CPU variants are inside, to be chosen from at run time."""
        return any(map(variant_of, self.members))

    @cached_property
    def libraries(self) -> tuple[ElfFile, ...]:
        """Every readable ELF file inside, in the order of the names."""
        return tuple(elf for elf in self._parsed if isinstance(elf, ElfFile))

    @property
    def broken_libraries(self) -> tuple[ElfError, ...]:
        """Files that look like libraries and are not readable ELF files."""
        return tuple(elf for elf in self._parsed if isinstance(elf, ElfError))

    @cached_property
    def _parsed(self) -> tuple[ElfFile | ElfError, ...]:
        found: list[ElfFile | ElfError] = []
        for name, data in sorted(self.members.items()):
            if is_library(name, data):
                try:
                    found.append(parse_elf(name, data))
                except ElfError as error:
                    found.append(error)
        return tuple(found)


def parse_name(path: Path) -> WheelName:
    """Take a wheel's file name apart; raises UnreadableWheel (PW002)."""
    try:
        _, _, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise UnreadableWheel(path, Finding(Code.PW002, str(error))) from error
    raw_name, raw_version = path.name.split("-")[:2]
    return WheelName(raw_name, raw_version, tags)


def load(path: Path) -> Wheel:
    """Read a wheel and every file in it; raises UnreadableWheel (PW001, PW002, PW003, PW004)."""
    name = parse_name(path)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _refuse_unsafe(path, infos)
            members = {info.filename: archive.read(info) for info in infos}
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise UnreadableWheel(path, Finding(Code.PW001, str(error))) from error
    wheel = Wheel(path, name, tuple(info.filename for info in infos), members)
    _require_dist_info(wheel)
    return wheel


def _refuse_unsafe(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Stop at a member that an installer would write elsewhere, or twice, or as a link."""
    seen: set[str] = set()
    for info in infos:
        # orig_filename: zipfile itself already hides what follows a NUL byte.
        name = info.orig_filename
        parts = PurePosixPath(name).parts
        link = stat.S_ISLNK(info.external_attr >> 16)
        if name in seen or link or name.startswith("/") or ".." in parts or any(c in name for c in "\\:\0"):
            raise UnreadableWheel(path, Finding(Code.PW003, repr(name)))
        seen.add(name)


def _require_dist_info(wheel: Wheel) -> None:
    """Stop where the dist-info folder of this name, with METADATA and WHEEL, is not the only one."""
    folders = {name.split("/")[0] for name in wheel.names if name.split("/")[0].endswith(".dist-info")}
    needed = [f"{wheel.dist_info}/METADATA", f"{wheel.dist_info}/WHEEL"]
    missing = [name for name in needed if name not in wheel.members]
    if folders != {wheel.dist_info} or missing:
        detail = f"found {sorted(folders)}, missing {missing}, expected {wheel.dist_info}"
        raise UnreadableWheel(wheel.path, Finding(Code.PW004, detail))


def write(path: Path, members: Mapping[str, bytes]) -> None:
    """Write the members so that equal content gives equal bytes: sorted, one time, plain permissions."""

    # PEP 427 asks for dist-info at the end; RECORD last of all.
    def order(name: str) -> tuple[bool, bool, str]:
        return (name.endswith(".dist-info/RECORD"), ".dist-info/" in name, name)

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members, key=order):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            mode = 0o755 if is_library(name, members[name]) else 0o644
            info.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(info, members[name])
