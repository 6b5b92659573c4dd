"""The dialect of whisper_api, under /api/v1: send a file, ask for its status, fetch the text."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Literal, Optional
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from pywhispercpp import backend, formats
from pywhispercpp.segment import Transcript
from pywhispercpp.server.answers import WHISPER_API
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.queues.base import DecoderState
from pywhispercpp.server.routes.common import Owner, TheService
from pywhispercpp.server.service import Recording, Service
from pywhispercpp.server.task import Task
from pywhispercpp.server.uploads import StoredFile, UploadRoute
from pywhispercpp.server.verbose_json import verbose_json, words

__all__ = ["router"]

DIALECT = "whisper_api"
UNKNOWN_TASK = "task_id not valid"
NO_AUDIO = "File has no audio track."

# A format by its name here; verbose_json is OpenAI's, with the words and their probabilities.
FormatName = Literal["txt", "srt", "vtt", "json", "json-full", "lrc", "csv", "tsv", "verbose_json"]
MEDIA_TYPES = {
    ".json": "application/json",
    ".vtt": "text/vtt",
    ".csv": "text/csv",
    ".srt": "application/x-subrip",
}

router = APIRouter(prefix="/api/v1", tags=["whisper_api"], responses=WHISPER_API)
uploads = APIRouter(prefix="/api/v1", tags=["whisper_api"], route_class=UploadRoute, responses=WHISPER_API)

TaskId = Annotated[str, Query(description="what the answer to an upload called task_id")]
Language = Annotated[
    Optional[str], Query(description="code or English name of what is spoken; left out: it is detected")
]
ModelName = Annotated[Optional[str], Query(description="one of /v1/models; left out: the default")]


class TaskResponse(BaseModel):
    """What is known of a task."""

    task_id: str
    task_type: Literal["transcribe", "translate"]
    status: Literal["pending", "processing", "finished", "failed"]
    time_uploaded: datetime
    transcript: Optional[str] = Field(
        None, description="the text, once it is finished; why not, where it failed"
    )
    source_language: Optional[str] = Field(None, description="code of what is spoken")
    position_in_queue: Optional[int] = Field(None, description="1 for the next; null where it does not wait")
    progress: int = Field(0, description="percent of the work")
    processing_duration: Optional[float] = Field(None, description="seconds of work")
    time_processing_finished: Optional[datetime] = None
    target_model_size: Optional[str] = Field(None, description="the model that was asked for")
    used_model_size: Optional[str] = Field(None, description="the model that did it")
    used_device: Optional[str] = None


class DecoderStateResponse(BaseModel):
    """What those who transcribe are doing."""

    gpu_mode: bool
    max_model_to_use: Optional[str]
    last_loaded_model_size: Optional[str]
    is_model_loaded: bool
    tasks_in_queue: int
    currently_busy: bool
    received_at: datetime


@uploads.post("/transcribe")
async def transcribe(
    file: StoredFile, service: TheService, owner: Owner, language: Language = None, model: ModelName = None
) -> TaskResponse:
    """Put a recording into the queue; the text is in its own language."""
    return await _submitted(service, Recording(file, owner, model, False, _options(language)))


@uploads.post("/translate")
async def translate(
    file: StoredFile, service: TheService, owner: Owner, language: Language = None, model: ModelName = None
) -> TaskResponse:
    """Put a recording into the queue; the text is English."""
    return await _submitted(service, Recording(file, owner, model, True, _options(language)))


@router.get("/status")
async def status(task_id: TaskId, service: TheService, owner: Owner) -> TaskResponse:
    """Tell how far a task is, and its text once it is finished."""
    return await _response(service, await _known(service, task_id, owner))


@router.delete("/status", status_code=204)
async def cancel(task_id: TaskId, service: TheService, owner: Owner) -> Response:
    """Cancel a task, or delete its result."""
    await service.queue.remove((await _known(service, task_id, owner)).id)
    return Response(status_code=204)


@router.get("/srt", response_class=Response)
async def srt(task_id: TaskId, service: TheService, owner: Owner) -> Response:
    """Give the result as SubRip subtitles."""
    return await result(task_id, service, owner, "srt")


@router.get("/result", response_class=Response)
async def result(
    task_id: TaskId,
    service: TheService,
    owner: Owner,
    format: Annotated[FormatName, Query(description="of the file")] = "txt",
) -> Response:
    """Give the result as a file of any format."""
    task = await _known(service, task_id, owner)
    if task.status != "finished":
        raise Problem(400, f"the task is {task.status}: there is no result", "not_finished")
    transcript = await service.transcript(task)
    if format == "verbose_json":
        content = verbose_json(transcript, task.task_type)
        content["words"] = words(transcript, with_probability=True)
        return JSONResponse(content)
    known = formats.find(format)
    body = await asyncio.to_thread(known.render, transcript, _details(task, transcript))
    name = f"{Path(task.file_name).name or 'transcript'}_{task.language or 'und'}{known.extension}"
    return Response(
        body,
        media_type=MEDIA_TYPES.get(known.extension, "text/plain"),
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


@router.get("/decoder_status")
async def decoder_status(service: TheService, owner: Owner) -> DecoderStateResponse:
    """Tell what those who transcribe are doing."""
    return _decoder(service, await service.queue.state())


@router.get("/decoder_status_refresh")
async def decoder_status_refresh(service: TheService, owner: Owner) -> DecoderStateResponse:
    """The same: here it is always fresh, and not asked for first."""
    return _decoder(service, await service.queue.state())


@router.get("/userinfo")
async def userinfo(request: Request, owner: Owner) -> dict[str, Optional[str]]:
    """Tell who asks, as a proxy in front of the service says it, and whose API key it was."""
    headers = {"email": "x-email", "user": "x-user"}
    found = {name: request.headers[header] for name, header in headers.items() if header in request.headers}
    return {**({"user": owner} if owner else {}), **found, "user_agent": request.headers.get("user-agent")}


@router.get("/login", response_class=RedirectResponse, status_code=307)
async def login(owner: Owner, redirect: str = "/") -> RedirectResponse:
    """Go on to a page of this service, once a proxy in front of it has let somebody in."""
    # "//host" and "/\\host" are other hosts to a browser.
    is_here = redirect.startswith("/") and redirect[1:2] not in ("/", "\\") and redirect.isprintable()
    return RedirectResponse(quote(redirect, safe="/?&=#%+,;:@!~*'()") if is_here else "/")


@router.get("/version")
async def version() -> dict[str, str]:
    """Tell the versions."""
    from pywhispercpp import __version__

    return {"version": __version__, "whisper_cpp": backend.build_info().whisper_cpp_version}


@router.get("/logs", response_class=Response)
async def logs(request: Request, service: TheService) -> Response:
    """Give the log files, as a zip; for this machine, or for the key named admin."""
    service.access.require_admin(request)
    content = await asyncio.to_thread(_zipped, service)
    return Response(
        content,
        media_type="application/zip",
        headers={"Content-Disposition": "attachment; filename=logs.zip"},
    )


async def _submitted(service: Service, recording: Recording) -> TaskResponse:
    try:
        task = await service.accept(recording, DIALECT)
    except Problem as problem:
        if problem.code == "invalid_audio":
            raise Problem(400, NO_AUDIO, problem.code, problem.param) from None
        raise
    return await _response(service, task)


async def _known(service: Service, task_id: str, owner: str) -> Task:
    task = await service.find(task_id, owner)
    if task is None:
        raise Problem(400, UNKNOWN_TASK)
    return task


async def _response(service: Service, task: Task) -> TaskResponse:
    text = task.failure.message if task.failure else None
    if task.status == "finished":
        text = (await service.transcript(task)).text
    return TaskResponse(
        task_id=task.id,
        task_type=task.task_type,
        status=task.status,
        time_uploaded=_moment(task.time_uploaded),
        transcript=text,
        source_language=task.language,
        position_in_queue=await service.queue.position(task.id),
        progress=task.progress,
        processing_duration=task.processing_duration,
        time_processing_finished=None if task.time_finished is None else _moment(task.time_finished),
        target_model_size=task.model,
        used_model_size=task.used_model,
        used_device=task.used_device,
    )


def _decoder(service: Service, state: DecoderState) -> DecoderStateResponse:
    return DecoderStateResponse(
        gpu_mode=False,  # the wheels have code for the CPU only
        max_model_to_use=service.catalogue.max_model,
        last_loaded_model_size=state.last_loaded_model,
        is_model_loaded=state.is_model_loaded,
        tasks_in_queue=state.pending,
        currently_busy=state.processing > 0,
        received_at=_moment(state.received_at),
    )


def _options(language: str | None) -> dict[str, Any]:
    """Language as asked for, and times of words for whoever wants them later."""
    return {"language": language or "auto", "token_timestamps": True}


def _details(task: Task, transcript: Transcript) -> formats.Details:
    return formats.Details(
        model_path=task.used_model or "",
        language=str(task.options.get("language", "auto")),
        result_language=transcript.language,
        translate=task.task_type == "translate",
        media=Path(task.file_name).name,
        duration=transcript.duration,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _zipped(service: Service) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path(service.settings.log_dir).glob(f"{service.settings.log_file}*")):
            archive.write(path, path.name)
    return content.getvalue()
