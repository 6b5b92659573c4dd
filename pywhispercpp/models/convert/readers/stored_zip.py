"""A zip archive whose members lie in it as they are: what PyTorch writes, read without trusting its sizes."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.closing import Closing
from pywhispercpp.errors import ModelError

__all__ = ["StoredZip"]

_LOCAL = struct.Struct("<4s5H3I2H")  # what stands before a member's name and data
_MOST_DIRECTORY = 8 << 20  # bytes; Whisper large's has 0.1 MB
_MOST_MEMBERS = 20_000
_ENCRYPTED = 1


class _Careful:
    """The file as zipfile may see it: the directory is all that it reads at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, unless they are more than any directory has."""
        data = self._file.read(min(size, _MOST_DIRECTORY + 1) if size >= 0 else _MOST_DIRECTORY + 1)
        if len(data) > _MOST_DIRECTORY:
            raise zipfile.BadZipFile(f"its directory has more than {_MOST_DIRECTORY} bytes")
        return data


class StoredZip(Closing):
    """Members by their name below the archive's one folder; each is read when it is asked for.

    Raises ModelError for what is no zip archive, and for compressed, encrypted and doubled members, or ones
    that do not lie within the file.
    """

    def __init__(self, path: Path) -> None:
        """Read the archive's directory and keep the file open."""
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
        self._size = path.stat().st_size
        try:
            self._members = self._directory()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __contains__(self, name: object) -> bool:
        """Whether there is a member of that name."""
        return name in self._members

    def size(self, name: str) -> int:
        """Bytes of a member."""
        return self._member(name).file_size

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return a member, whose checksum is looked at; ModelError when it has more than `most` bytes."""
        member = self._member(name)
        if most is not None and member.file_size > most:
            raise self._error(f"member {name} has {member.file_size} bytes, expected at most {most}")
        data = self.read_part(name, 0, member.file_size)
        if zlib.crc32(data) != member.CRC:
            raise self._error(f"member {name} has the wrong checksum")
        return data

    def read_part(self, name: str, start: int, count: int) -> bytes:
        """Return some bytes of a member."""
        member = self._member(name)
        begin = self._begin(member)
        if start + count > member.file_size or begin + member.file_size > self._size:
            raise self._error(f"the file ends inside member {name}")
        return self._at(begin + start, count)

    def _directory(self) -> dict[str, zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(_Careful(self._file)) as archive:
                found = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
            raise self._error(f"no readable zip archive: {error}") from error
        if len(found) > _MOST_MEMBERS:
            raise self._error(f"{len(found)} members")
        members: dict[str, zipfile.ZipInfo] = {}
        for member in found:
            first, _, rest = member.orig_filename.partition("/")
            name = rest or first
            if name in members:
                raise self._error(f"member {name!r} is there twice")
            members[name] = member
        return members

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = self._members.get(name)
        if member is None:
            raise self._error(f"no member {name!r}")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise self._error(f"member {name!r} is compressed, which PyTorch does not do")
        if member.flag_bits & _ENCRYPTED:
            raise self._error(f"member {name!r} is encrypted")
        return member

    def _begin(self, member: zipfile.ZipInfo) -> int:
        head = self._at(member.header_offset, _LOCAL.size)
        magic, *_, name, extra = _LOCAL.unpack(head)
        if magic != b"PK\x03\x04":
            raise self._error(f"member {member.orig_filename!r} is not where the directory says")
        return member.header_offset + _LOCAL.size + int(name) + int(extra)

    def _at(self, offset: int, count: int) -> bytes:
        if not 0 <= offset <= self._size - count:
            raise self._error(f"{count} bytes at {offset} are needed, the file has {self._size}")
        try:
            self._file.seek(offset)
            data = self._file.read(count)
        except OSError as error:
            raise ModelError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        if len(data) != count:
            raise self._error("the file shrank while being read")
        return data

    def _error(self, what: str) -> ModelError:
        return ModelError(f"{self.path}: {what}; a damaged or foreign PyTorch file")
