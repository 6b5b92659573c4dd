"""The dialect of OpenAI: /v1/audio/transcriptions, /v1/audio/translations and /v1/models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from pywhispercpp.server.answers import OPENAI
from pywhispercpp.server.routes.common import Owner, TheService, until_disconnected
from pywhispercpp.server.routes.openai_answers import Transcription, answer
from pywhispercpp.server.routes.openai_events import Events
from pywhispercpp.server.routes.openai_form import Asked, asked
from pywhispercpp.server.service import Service
from pywhispercpp.server.uploads import UploadRoute

__all__ = ["router", "uploads"]

DIALECT = "openai"
CONTENTS = ("text/plain", "application/x-subrip", "text/vtt", "text/event-stream")
ANSWERS: dict[Union[int, str], dict[str, Any]] = {
    200: {
        "model": Transcription,
        "description": "The transcript, in the response_format; events with stream",
        "content": {kind: {"schema": {"type": "string"}} for kind in CONTENTS},
    },
    **OPENAI,
}

router = APIRouter(prefix="/v1", tags=["openai"], responses=OPENAI)
uploads = APIRouter(prefix="/v1/audio", tags=["openai"], route_class=UploadRoute, responses=ANSWERS)

Fields = Annotated[Asked, Depends(asked)]


class ModelAnswer(BaseModel):
    """A model that may be asked for."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "pywhispercpp"


class ModelsAnswer(BaseModel):
    """The models that may be asked for; the first is the default."""

    object: Literal["list"] = "list"
    data: list[ModelAnswer]


@uploads.post("/transcriptions", response_class=Response)
async def transcriptions(request: Request, fields: Fields, service: TheService, owner: Owner) -> Response:
    """Transcribe a recording, in its own language."""
    return await _answered(request, fields, service, owner, translate=False)


@uploads.post("/translations", response_class=Response)
async def translations(request: Request, fields: Fields, service: TheService, owner: Owner) -> Response:
    """Transcribe a recording, in English."""
    return await _answered(request, fields, service, owner, translate=True)


@router.get("/models")
def models(service: TheService, owner: Owner) -> ModelsAnswer:
    """List the models that may be asked for; the first is the default."""
    return ModelsAnswer(data=[ModelAnswer(id=name) for name in service.catalogue.names()])


@router.get("/models/{model}")
def model(model: str, service: TheService, owner: Owner) -> ModelAnswer:
    """Tell of one model."""
    return ModelAnswer(id=service.model_name(model))


async def _answered(
    request: Request, fields: Asked, service: Service, owner: str, translate: bool
) -> Response:
    recording = fields.recording(owner, translate)
    if fields.stream:
        return await Events.begun(service.hear_live(recording, DIALECT), request.receive)
    task, transcript = await until_disconnected(request.receive, service.hear(recording, DIALECT))
    return answer(fields, task, transcript)
