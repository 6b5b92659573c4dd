"""Transcripts as OpenAI's dialect answers with them, in each response_format."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal, Optional

from fastapi import Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from pywhispercpp import formats
from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server import verbose_json
from pywhispercpp.server.routes.openai_form import Asked
from pywhispercpp.server.task import Task

__all__ = ["Transcription", "answer"]

MEDIA_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt"}


class Usage(BaseModel):
    """How much was heard."""

    type: Literal["duration"]
    seconds: int


class SegmentAnswer(BaseModel):
    """A segment; times in seconds."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class WordAnswer(BaseModel):
    """A word; times in seconds."""

    word: str
    start: float
    end: float


class Transcription(BaseModel):
    """The answer of json; all but text and usage only of verbose_json."""

    text: str
    usage: Usage
    task: Optional[Literal["transcribe", "translate"]] = None
    language: Optional[str] = Field(None, description="English name of the language of the text")
    duration: Optional[float] = Field(None, description="seconds of audio")
    segments: Optional[list[SegmentAnswer]] = None
    words: Optional[list[WordAnswer]] = None


def answer(asked: Asked, task: Task, transcript: Transcript) -> Response:
    """The transcript in the format that was asked for."""
    if asked.response_format == "text":
        return PlainTextResponse(f"{transcript.text}\n")
    if asked.response_format in MEDIA_TYPES:
        content = formats.render(asked.response_format, map(_stripped, transcript))
        return Response(content, media_type=MEDIA_TYPES[asked.response_format])
    usage = {"type": "duration", "seconds": math.ceil(transcript.duration)}
    if asked.response_format == "json":
        return JSONResponse({"text": transcript.text, "usage": usage})
    return JSONResponse({**_verbose(asked, task, transcript), "usage": usage})


def _verbose(asked: Asked, task: Task, transcript: Transcript) -> dict[str, Any]:
    found = verbose_json.verbose_json(transcript, task.task_type)
    if task.task_type == "translate":
        found["language"] = "english"
    if "segment" not in asked.granularities:
        del found["segments"]
    if "word" in asked.granularities:
        found["words"] = verbose_json.words(transcript)
    return found


def _stripped(segment: Segment) -> Segment:
    """A segment without the blank that whisper.cpp puts before it, as OpenAI's subtitles are."""
    return dataclasses.replace(segment, raw=segment.text.encode())
