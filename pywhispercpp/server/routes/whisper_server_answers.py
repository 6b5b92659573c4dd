"""Transcripts as whisper-server answers with them, byte for byte, in each response_format."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from fastapi import Response

from pywhispercpp import formats
from pywhispercpp.formats.text import raw_text
from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server.routes.whisper_server_form import Asked
from pywhispercpp.server.task import Task
from pywhispercpp.server.verbose_json import language_name

__all__ = ["MEDIA_TYPES", "answer"]

# Its text is text/html there: here nobody's browser is to take what was said for a page.
MEDIA_TYPES = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
NAMES = {"text": "txt"}
CENTISECOND = 0.01  # times it, not divided by 100: the last digit of some times differs


def answer(asked: Asked, task: Task, transcript: Transcript) -> Response:
    """The transcript in the format that was asked for."""
    name = asked.response_format
    if name in MEDIA_TYPES:
        details = formats.Details(offset_n=asked.offset_n)
        return Response(
            formats.render(NAMES.get(name, name), transcript, details), media_type=MEDIA_TYPES[name]
        )
    text = formats.render("txt", transcript).decode()
    content = {"text": text} if name == "json" else _verbose(asked, task, transcript, text)
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(body, media_type="application/json")


def _verbose(asked: Asked, task: Task, transcript: Transcript, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "task": task.task_type,
        "language": language_name(transcript.language),
        "duration": float(np.float32(transcript.duration)),
        "text": text,
        "segments": [_segment(number, one, asked) for number, one in enumerate(transcript)],
    }
    if task.language_probabilities:
        likely = max(task.language_probabilities, key=task.language_probabilities.__getitem__)
        found["detected_language"] = language_name(likely)
        found["detected_language_probability"] = task.language_probabilities[likely]
        found["language_probabilities"] = {
            code: value for code, value in task.language_probabilities.items() if value > 0.001
        }
    return found


def _segment(number: int, segment: Segment, asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {"id": number, "text": raw_text(segment)}
    if not asked.options["no_timestamps"]:
        found["start"] = segment.t0 * CENTISECOND
        found["end"] = segment.t1 * CENTISECOND
    if segment.speaker:
        found["speaker"] = segment.speaker
    spoken = [token for token in segment.tokens if not token.is_special]
    if spoken:
        with_times = asked.options["token_timestamps"] and not asked.options["no_timestamps"]
        found["tokens"] = [token.id for token in spoken]
        found["words"] = [
            {
                "word": token.text,
                **(
                    {
                        "start": token.t0 * CENTISECOND,
                        "end": token.t1 * CENTISECOND,
                        "t_dtw": token.t_dtw,
                    }
                    if with_times
                    else {}
                ),
                "probability": token.p,
            }
            for token in spoken
        ]
    found["temperature"] = _finite(segment.temperature)
    found["avg_logprob"] = _avg_logprob(segment)
    found["no_speech_prob"] = _finite(segment.no_speech_prob)
    return found


def _avg_logprob(segment: Segment) -> float | None:
    """The sum over the tokens of the text by the number of all tokens, in float, as whisper-server has it."""
    if not segment.tokens:
        return None
    total = np.float32(0)
    for token in segment.tokens:
        if not token.is_special:
            total += np.float32(token.plog)
    return _finite(float(total / np.float32(len(segment.tokens))))


def _finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
