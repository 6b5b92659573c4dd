"""The process of the service: uvicorn around the application, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from pywhispercpp.errors import SettingsError
from pywhispercpp.server.service import Service
from pywhispercpp.server.settings import Settings

__all__ = ["listening", "run"]

logger = logging.getLogger("pywhispercpp.server")

GRACE_S = 5  # for answers that are being sent when the process is told to end
BACKLOG = 2048
MAX_MESSAGE = 1 << 20  # bytes of a message of a WebSocket: half a minute of 16-bit audio


def run(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises SettingsError for an address that is taken, and what starting raises.
    """
    service: Service = app.state.service
    with listening(settings) as listener:
        asyncio.run(_serve(app, service, listener))


def listening(settings: Settings) -> socket.socket:
    """Return the socket that listens where the settings say. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in settings.listen else socket.AF_INET
    try:
        listener = socket.create_server((settings.listen, settings.port), family=family, backlog=BACKLOG)
        # Else an answer's second packet waits 40 ms for the client's kernel: asyncio sees to that only for
        # sockets that were made as TCP's by number.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"LISTEN={settings.listen}, PORT={settings.port}: it cannot listen there: {error}"
        ) from error


async def _serve(app: FastAPI, service: Service, listener: socket.socket) -> None:
    # The lifespan's work is done here: an error of it is this package's own to tell, not uvicorn's.
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    _end_by_signals(server)
    await service.start()
    try:
        host, port = listener.getsockname()[:2]
        logger.info("ready: http://%s:%s/", f"[{host}]" if ":" in host else host, port)
        await server.serve(sockets=[listener])
    finally:
        await service.stop()


def _end_by_signals(server: uvicorn.Server) -> None:
    """A first SIGTERM or SIGINT ends in order, a second one at once.

    While uvicorn serves its own handlers are in place; it raises what they caught once more afterwards, for
    these, which must not end the process before the service has stopped.
    """

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if server.should_exit and not server.started:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
