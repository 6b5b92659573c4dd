"""FormReader: a multipart form whose file goes to the disk as it comes, never whole through memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import UploadFile
from python_multipart import MultipartParser
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

from pywhispercpp.server.problems import Problem

__all__ = ["MAX_FIELD", "MB", "FormReader", "StoredFile", "too_large"]

MB = 1_000_000
MAX_HEADERS = 16_000  # bytes of the headers of one field
MAX_NAME = 255  # characters of a file's name that are kept
MAX_FIELD = 100_000  # bytes of a field that is no file
MAX_FIELDS = 200
BATCH = MB  # bytes that are written at once


class StoredFile(UploadFile):
    """An uploaded file on the disk; gone when it is closed, unless somebody has moved it."""

    def __init__(self, path: Path, file: BinaryIO, filename: str, headers: Headers) -> None:
        super().__init__(file=file, size=0, filename=filename, headers=headers)
        self.path = path

    async def close(self) -> None:
        """Remove it."""
        await super().close()
        self.path.unlink(missing_ok=True)


def too_large(limit: int) -> Problem:
    """The answer to an upload of more bytes than that."""
    return Problem(413, f"the upload is larger than {limit // MB} MB (max_upload_mb)", "too_large", "file")


@dataclass
class _Part:
    """One field of a form, while it comes in."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    header_size: int = 0
    name: str = ""
    text: bytearray = field(default_factory=bytearray)
    file: StoredFile | None = None


class FormReader:
    """Reads one form, with one file in it at most."""

    def __init__(self, boundary: bytes, new_path: Callable[[], Path], limit: int) -> None:
        """new_path: gives the file its name. limit: bytes that it may have."""
        self._new_path = new_path
        self._limit = limit
        self._part = _Part()
        self._items: list[tuple[str, str | StarletteUploadFile]] = []
        self._file: StoredFile | None = None
        self._unwritten: list[bytes] = []
        self._unwritten_size = 0
        self._is_complete = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._finish,
            },
        )

    async def read(self, stream: AsyncIterator[bytes]) -> FormData:
        """Return the form. Raises Problem and what the parser raises, and leaves no file then."""
        try:
            async for chunk in stream:
                if self._is_too_large():  # what is left is thrown away: then the client hears the answer
                    continue
                self._parser.write(chunk)
                if self._unwritten_size >= BATCH:
                    await asyncio.to_thread(self._write)
            if self._is_too_large():
                raise too_large(self._limit)
            await asyncio.to_thread(self._write)
            self._parser.finalize()
            if not self._is_complete:
                raise Problem(400, "the form breaks off: its last boundary is missing", "invalid_form")
        except BaseException:
            if self._file is not None:
                await self._file.close()
            raise
        if self._file is not None:
            self._file.file.seek(0)
        return FormData(self._items)

    def _is_too_large(self) -> bool:
        return self._file is not None and (self._file.size or 0) > self._limit

    def _begin(self) -> None:
        self._part = _Part()
        if len(self._items) >= MAX_FIELDS:
            raise Problem(400, f"the form has more than {MAX_FIELDS} fields", "invalid_form")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._add_to_header(0, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._add_to_header(1, data[start:end])

    def _add_to_header(self, which: int, data: bytes) -> None:
        self._part.header_size += len(data)
        if self._part.header_size > MAX_HEADERS:
            raise Problem(400, f"the headers of a field are longer than {MAX_HEADERS} bytes", "invalid_form")
        self._part.header[which].extend(data)

    def _header_end(self) -> None:
        name, value = self._part.header
        self._part.headers.append((bytes(name).lower(), bytes(value)))
        self._part.header = (bytearray(), bytearray())

    def _headers_end(self) -> None:
        part = self._part
        _, options = parse_options_header(dict(part.headers).get(b"content-disposition"))
        if b"name" not in options:
            raise Problem(400, "a field of the form has no name", "invalid_form")
        part.name = options[b"name"].decode("utf-8", errors="replace")
        if b"filename" in options:
            self._file = part.file = self._new_file(options[b"filename"], Headers(raw=part.headers))

    def _new_file(self, name: bytes, headers: Headers) -> StoredFile:
        if self._file is not None:
            raise Problem(
                400, "the form has two files: send one at a time", "too_many_files", self._part.name
            )
        text = "".join(c if c.isprintable() else "_" for c in name.decode("utf-8", errors="replace"))
        path = self._new_path()
        try:
            file = path.open("xb+")
        except OSError as error:
            raise _cannot_be_stored(error) from error
        return StoredFile(path, file, text[:MAX_NAME], headers)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            part.file.size = (part.file.size or 0) + end - start
            if not self._is_too_large():
                self._unwritten.append(data[start:end])
                self._unwritten_size += end - start
        else:
            part.text.extend(data[start:end])
            if len(part.text) > MAX_FIELD:
                raise Problem(
                    400, f"the field {part.name!r} is longer than {MAX_FIELD} bytes", "too_large", part.name
                )

    def _end(self) -> None:
        part = self._part
        self._items.append((part.name, part.file or part.text.decode("utf-8", errors="replace")))
        self._part = _Part()

    def _finish(self) -> None:
        self._is_complete = True

    def _write(self) -> None:
        try:
            if self._file is not None:
                self._file.file.writelines(self._unwritten)
                self._file.file.flush()
        except OSError as error:
            raise _cannot_be_stored(error) from error
        finally:
            self._unwritten.clear()
            self._unwritten_size = 0


def _cannot_be_stored(error: OSError) -> Problem:
    return Problem(507, f"the upload cannot be stored: {error.strerror}", "storage_full")
