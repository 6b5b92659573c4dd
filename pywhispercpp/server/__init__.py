"""The transcription service: one queue, one model, three dialects of HTTP. Needs pywhispercpp[server]."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from pywhispercpp.server.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the service as an ASGI application; by the environment's settings when None.

    Its lifespan loads the model and starts the work: `uvicorn --factory pywhispercpp.server:create_app`.
    Raises SettingsError, or MissingPackageError where pywhispercpp[server] is not installed.
    """
    from pywhispercpp.extras import require

    require("fastapi", "server", "the service")
    require("pydantic_settings", "server", "the service")
    from pywhispercpp.server.app import create_app as create
    from pywhispercpp.server.settings import load

    return create(load() if settings is None else settings)
