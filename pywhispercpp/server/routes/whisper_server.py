"""The dialect of whisper-server, whisper.cpp's own: /inference and /load; /health is with the operations."""

from __future__ import annotations

from typing import Annotated, Any, Union

from fastapi import APIRouter, Depends, File, Form, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from pywhispercpp.server.answers import WHISPER_SERVER
from pywhispercpp.server.routes.common import Owner, TheService, until_disconnected
from pywhispercpp.server.routes.whisper_server_answers import MEDIA_TYPES, answer
from pywhispercpp.server.routes.whisper_server_form import Asked, asked
from pywhispercpp.server.service import Recording, Service
from pywhispercpp.server.uploads import StoredFile, UploadRoute

__all__ = ["router"]

DIALECT = "whisper_server"


class Inference(BaseModel):
    """The answer of json; verbose_json has task, language, duration, segments and probabilities besides."""

    text: str


ANSWERS: dict[Union[int, str], dict[str, Any]] = {
    200: {
        "model": Inference,
        "description": "The transcript, in the response_format",
        "content": {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()},
    }
}

router = APIRouter(tags=["whisper-server"], route_class=UploadRoute, responses=WHISPER_SERVER)

Recorded = Annotated[StoredFile, File(description="the recording: any format that FFmpeg decodes")]
Fields = Annotated[Asked, Depends(asked)]


@router.post("/inference", response_class=Response, responses=ANSWERS)
async def inference(
    request: Request, file: Recorded, fields: Fields, service: TheService, owner: Owner
) -> Response:
    """Transcribe a recording with whisper.cpp's options."""
    recording = _recording(service, file, fields, owner)
    task, transcript = await until_disconnected(request.receive, service.hear(recording, DIALECT))
    return answer(fields, task, transcript)


@router.post(
    "/load",
    response_class=Response,  # whose kind is not that of the refusals too
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def load(
    model: Annotated[
        str, Form(description="one of /v1/models, or the path of its file in the folder of models")
    ],
    service: TheService,
    owner: Owner,
) -> PlainTextResponse:
    """Load a model; requests that name none mean it from then on."""
    await service.exchange.to(model)
    return PlainTextResponse("Load was successful!")


def _recording(service: Service, file: StoredFile, fields: Asked, owner: str) -> Recording:
    name = service.model_name(None)
    options, translate = dict(fields.options), fields.translate
    if not service.catalogue.is_multilingual(name) and not options["detect_language"]:
        # It knows nothing else: whisper-server says so in its log.
        options["language"], translate = "en", False
    if fields.response_format == "verbose_json" and not fields.no_language_probabilities:
        options["language_probabilities"] = True
    return Recording(file, owner, name, translate, options)
