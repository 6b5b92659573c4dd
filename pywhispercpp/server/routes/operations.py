"""What those who run the service ask: is it alive, what does it count."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from pywhispercpp.server.routes.common import Owner, TheService

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Whether the service answers, as whisper-server says it; needs no key."""
    return {"status": "ok"}


@router.get("/metrics", response_class=Response)
async def metrics(service: TheService, owner: Owner) -> Response:
    """What is counted, in Prometheus' text format."""
    return Response(service.metrics.text(await service.queue.state()), media_type=CONTENT_TYPE_LATEST)
