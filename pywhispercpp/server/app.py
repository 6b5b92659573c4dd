"""create_app(settings): the service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from pywhispercpp.server import answers, routes
from pywhispercpp.server.measured import Measured
from pywhispercpp.server.service import Service
from pywhispercpp.server.settings import Settings

__all__ = ["create_app"]

DESCRIPTION = "Speech to text by whisper.cpp, in the dialects of whisper_api, OpenAI and whisper-server."


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its lifespan starts and stops the work. Raises SettingsError."""
    from pywhispercpp import __version__

    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPIOffline(
        redoc_url=None, title="pywhispercpp", version=__version__, description=DESCRIPTION, lifespan=lifespan
    )
    app.state.service = service
    answers.install(app)
    for router in routes.ALL:
        app.include_router(router)
    app.add_middleware(Measured, metrics=service.metrics)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"]
        )
    return app
