"""Uploads: routes whose forms are read within limits, once it is known that their sender may come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from pywhispercpp.server.form_reader import MAX_FIELD, MB, FormReader, StoredFile, too_large
from pywhispercpp.server.problems import Problem

if TYPE_CHECKING:
    from pywhispercpp.server.service import Service

__all__ = ["StoredFile", "UploadRoute"]

MULTIPART = b"multipart/form-data"
MAX_BOUNDARY = 200  # bytes; RFC 2046 allows 70
PAUSE_S = 60  # without a byte the client is taken for gone
PATIENCE = 2  # so many times the limit is read and thrown away, for an answer that the client sees


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
            upload = _UploadRequest(request.scope, request.receive)
            # Here and not in FastAPI, which makes 400 of whatever is raised then; it closes what it gets.
            await upload.read()
            return await handler(upload)

        return handle


class _UploadRequest(Request):
    """A request whose body is read within limits."""

    async def read(self) -> None:
        """Read the form, for form() to return. Raises Problem."""
        try:
            await self.form()
        except ClientDisconnect:
            raise Problem(400, "the client went away while it sent the form", "invalid_form") from None
        except (FormParserError, UnicodeError) as error:
            raise Problem(400, f"this is no well-formed form: {error}", "invalid_form") from None

    async def _get_form(self, **limits: Any) -> FormData:  # noqa: ANN401 - Starlette's
        kind, parameters = parse_options_header(self.headers.get("content-type"))
        if kind != MULTIPART:
            return await super()._get_form(**limits)
        if self._form is None:
            service: Service = self.app.state.service
            boundary = parameters.get(b"boundary")
            if not boundary or len(boundary) > MAX_BOUNDARY:
                message = "a multipart form without a boundary: let your client write the header itself"
                raise Problem(400, message, "invalid_form")
            limit = service.settings.max_upload_mb * MB
            stream = _bounded(super().stream(), self._told, PATIENCE * limit, too_large(limit))
            self._form = await FormReader(boundary, service.folders.new_incoming, limit).read(stream)
        return self._form

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body of another kind, which has no file in it: it is small."""
        problem = Problem(413, f"a form without a file is longer than {MAX_FIELD} bytes", "too_large")
        async for chunk in _bounded(super().stream(), self._told, MAX_FIELD, problem):
            yield chunk

    @property
    def _told(self) -> int:
        """How long the body says that it is."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdecimal() else 0


async def _bounded(
    stream: AsyncGenerator[bytes, None], told: int, most: int, problem: Problem
) -> AsyncGenerator[bytes, None]:
    """The body, of which no more than `most` bytes are read, and which does not stand still."""
    count = 0
    async for chunk in _timely(stream):
        count += len(chunk)
        if max(count, told) > most:
            raise problem
        yield chunk


async def _timely(stream: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    while True:
        try:
            chunk = await asyncio.wait_for(stream.__anext__(), PAUSE_S)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise Problem(408, f"nothing came for {PAUSE_S} s in mid-upload", "too_slow") from None
        yield chunk
