"""What the routes of all dialects share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from pywhispercpp.server.service import Service

__all__ = ["Owner", "TheService", "until_disconnected"]

T = TypeVar("T")


def _service(connection: HTTPConnection) -> Service:
    service: Service = connection.app.state.service
    return service


def _owner(connection: HTTPConnection) -> str:
    return _service(connection).access.owner(connection)


TheService = Annotated[Service, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]


async def until_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; cancel it when the client goes away, whose body was read already."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
        return await working
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
