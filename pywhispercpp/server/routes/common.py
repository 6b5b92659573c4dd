"""What the routes of all dialects share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.types import Receive

from pywhispercpp.server.problems import Problem
from pywhispercpp.server.service import Service

__all__ = ["GONE", "Owner", "TheService", "until_disconnected"]

T = TypeVar("T")
GONE = 499  # nginx's number for a client that went away


def _service(connection: HTTPConnection) -> Service:
    service: Service = connection.app.state.service
    return service


def _owner(connection: HTTPConnection) -> str:
    return _service(connection).access.owner(connection)


TheService = Annotated[Service, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]


async def until_disconnected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; for a request whose body was read.

    Where the client goes away `work` is cancelled, has cleaned up when this ends, and Problem 499 is raised:
    an answer that nobody reads.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Problem(GONE, "the client went away", "client_gone")
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
