"""The page at /, for people: its files, the facts that it asks for, and what a browser lets it do."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

from pywhispercpp import _core
from pywhispercpp.option_rules import languages
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.routes.common import Owner, TheService
from pywhispercpp.server.service import Service

__all__ = ["router"]

FOLDER = Path(__file__).resolve().parent.parent / "page"
INDEX = "index.html"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Only what comes from here, no script in the page itself, and no text that becomes HTML: where all escaping
# failed, a file's name would still do nothing. blob: is the recording that the browser has already.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-cache",  # kept, but asked for by its ETag: after an update nothing is mixed
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class _File:
    """One file of the page."""

    content: bytes
    media_type: str
    etag: str


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')


# All that there is: a name that a client sends is looked up, and never a path.
FILES = {path.name: _read(path) for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request) -> Response:
    """Give the page; it needs no key, and asks for one where the service wants it."""
    return _answer(request, INDEX)


@router.get("/page/facts.json")
async def facts(service: TheService, owner: Owner) -> dict[str, Any]:
    """Tell the page what can be chosen, and the limits."""
    return {
        "models": await asyncio.to_thread(_models, service),
        "languages": _languages(),
        "max_upload_mb": service.settings.max_upload_mb,
        "delete_results_after_m": service.settings.delete_results_after_m,
        "has_live_captions": service.settings.max_live_sessions > 0,
    }


@router.api_route("/page/{name}", methods=["GET", "HEAD"])
async def file(request: Request, name: str) -> Response:
    """Give a file of the page."""
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    found = FILES.get(name)
    if found is None:
        raise Problem(404, "the page has no such file")
    headers = {**HEADERS, "ETag": found.etag}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if found.etag in known:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


def _models(service: Service) -> list[dict[str, Any]]:
    """The default first, with what else a choice depends on."""
    catalogue = service.catalogue
    return [{"name": name, "multilingual": catalogue.is_multilingual(name)} for name in catalogue.names()]


def _languages() -> list[dict[str, str]]:
    """Codes and English names, by name."""
    named = [
        {"code": code, "name": str(_core.lang_str_full(number)).title()}
        for number, code in enumerate(languages())
    ]
    return sorted(named, key=lambda one: one["name"])
