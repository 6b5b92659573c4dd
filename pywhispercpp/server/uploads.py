"""Uploads: forms whose files go to the disk as they come, never whole through memory, and never too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fastapi import Request, Response, UploadFile
from fastapi.routing import APIRoute
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.datastructures import UploadFile as StarletteUploadFile
from starlette.requests import ClientDisconnect

from pywhispercpp.server.problems import Problem

if TYPE_CHECKING:
    from pywhispercpp.server.service import Service

__all__ = ["StoredFile", "UploadRoute"]

MB = 1_000_000
MAX_FIELD = 100_000  # bytes of a field that is no file
MAX_FIELDS = 200
BATCH = MB  # bytes that are written at once
PATIENCE = 2  # so many times the limit is read and thrown away, for an answer that the client sees


class StoredFile(UploadFile):
    """An uploaded file on the disk; gone when it is closed, unless somebody has moved it."""

    def __init__(self, path: Path, file: BinaryIO, filename: str, headers: Headers) -> None:
        super().__init__(file=file, size=0, filename=filename, headers=headers)
        self.path = path

    async def close(self) -> None:
        """Remove it."""
        await super().close()
        self.path.unlink(missing_ok=True)


class UploadRoute(APIRoute):
    """A route whose forms are read by this module; the app's state says where to and how much."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand the route its own kind of request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            service: Service = request.app.state.service
            # Before the upload is read: nobody sends half a gigabyte to hear that it is not wanted.
            service.access.owner(request)
            await service.check_room()
            return await handler(_UploadRequest(request.scope, request.receive))

        return handle


class _UploadRequest(Request):
    async def _get_form(self, **limits: Any) -> FormData:  # noqa: ANN401 - Starlette's
        kind, parameters = parse_options_header(self.headers.get("content-type"))
        if kind != b"multipart/form-data":
            return await super()._get_form(**limits)
        if self._form is None:
            service: Service = self.app.state.service
            limit = service.settings.max_upload_mb * MB
            boundary = parameters.get(b"boundary")
            if not boundary or len(boundary) > 200:
                raise Problem(
                    400, "a multipart form without a boundary: let your client write the header itself"
                )
            self._form = await _FormReader(service.folders.new_incoming, limit).read(
                _bounded(self.stream(), _length(self.headers), PATIENCE * limit), boundary
            )
        return self._form


def _length(headers: Headers) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() else 0


async def _bounded(stream: AsyncIterator[bytes], told: int, most: int) -> AsyncIterator[bytes]:
    """The body, of which no more than `most` bytes are read."""
    count = 0
    async for chunk in stream:
        count += len(chunk)
        if max(count, told) > most:
            raise _too_large(most // PATIENCE)
        yield chunk


def _too_large(limit: int) -> Problem:
    return Problem(413, f"the upload is larger than {limit // MB} MB (max_upload_mb)", "too_large")


@dataclass
class _Part:
    """One field of a form, while it comes in."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    name: str = ""
    text: bytearray = field(default_factory=bytearray)
    file: StoredFile | None = None


class _FormReader:
    """Reads one form."""

    def __init__(self, new_path: Callable[[], Path], limit: int) -> None:
        self._new_path = new_path
        self._limit = limit
        self._part = _Part()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._items: list[tuple[str, str | StarletteUploadFile]] = []
        self._unwritten: list[tuple[StoredFile, bytes]] = []
        self._unwritten_size = 0
        self._is_complete = False
        self._is_too_large = False

    async def read(self, stream: AsyncIterator[bytes], boundary: bytes) -> FormData:
        """Return the form; raises Problem for a bad one, and leaves no file of it."""
        try:
            parser = MultipartParser(
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
            async for chunk in stream:
                if (
                    self._is_too_large
                ):  # what is left is read and thrown away: then the client hears the answer
                    continue
                parser.write(chunk)
                if self._unwritten_size >= BATCH:
                    await asyncio.to_thread(self._write)
            if self._is_too_large:
                raise _too_large(self._limit)
            await asyncio.to_thread(self._write)
            parser.finalize()
            if not self._is_complete:
                raise Problem(400, "the form breaks off: its last boundary is missing")
        except BaseException as error:
            await self._discard()
            if isinstance(error, ClientDisconnect):
                raise Problem(400, "the client went away while it sent the form") from None
            if isinstance(error, (FormParserError, UnicodeError)):
                raise Problem(400, f"this is no well-formed multipart form: {error}") from None
            raise
        for _, item in self._items:
            if isinstance(item, StoredFile):
                item.file.seek(0)
        return FormData(self._items)

    async def _discard(self) -> None:
        for file in {item for _, item in self._items if isinstance(item, StoredFile)}:
            await file.close()
        if self._part.file is not None:
            await self._part.file.close()

    def _begin(self) -> None:
        self._part = _Part()
        if len(self._items) >= MAX_FIELDS:
            raise Problem(400, f"the form has more than {MAX_FIELDS} fields")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _header_end(self) -> None:
        name, value = self._header
        self._part.headers.append((bytes(name).lower(), bytes(value)))
        self._header = (bytearray(), bytearray())

    def _headers_end(self) -> None:
        disposition = dict(self._part.headers).get(b"content-disposition")
        _, options = parse_options_header(disposition)
        if b"name" not in options:
            raise Problem(400, "a field of the form has no name")
        self._part.name = options[b"name"].decode("utf-8", errors="replace")
        if b"filename" in options:
            path = self._new_path()
            name = options[b"filename"].decode("utf-8", errors="replace")
            self._part.file = StoredFile(path, path.open("xb+"), name, Headers(raw=self._part.headers))

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is not None:
            part.file.size = (part.file.size or 0) + end - start
            self._is_too_large = self._is_too_large or part.file.size > self._limit
            if not self._is_too_large:
                self._unwritten.append((part.file, data[start:end]))
                self._unwritten_size += end - start
        else:
            part.text.extend(data[start:end])
            if len(part.text) > MAX_FIELD:
                raise Problem(
                    400, f"the field {part.name!r} is longer than {MAX_FIELD} bytes", param=part.name
                )

    def _end(self) -> None:
        part = self._part
        self._items.append((part.name, part.file or part.text.decode("utf-8", errors="replace")))
        self._part = _Part()

    def _finish(self) -> None:
        self._is_complete = True

    def _write(self) -> None:
        try:
            for file, data in self._unwritten:
                file.file.write(data)
            for file in {file for file, _ in self._unwritten}:
                file.file.flush()
        except OSError as error:
            raise Problem(507, f"the upload cannot be stored: {error.strerror}", "storage_full") from error
        finally:
            self._unwritten.clear()
            self._unwritten_size = 0
