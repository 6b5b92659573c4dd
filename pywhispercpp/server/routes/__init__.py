"""The routes: each dialect in its own file, over the one service."""

from __future__ import annotations

from pywhispercpp.server.routes import live, openai, operations, page, whisper_api, whisper_server

__all__ = ["ALL"]

ALL = (
    operations.router,
    openai.uploads,
    openai.router,
    live.router,
    whisper_api.uploads,
    whisper_api.router,
    whisper_server.router,
    page.router,
)
