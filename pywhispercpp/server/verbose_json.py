"""A transcript as the JSON that OpenAI calls verbose_json: segments and words, times in seconds."""

from __future__ import annotations

import math
import zlib
from typing import Any

from pywhispercpp import _core
from pywhispercpp.segment import Segment, Transcript

__all__ = ["language_name", "segments", "verbose_json", "words"]


def verbose_json(transcript: Transcript, task_type: str) -> dict[str, Any]:
    """Return task, language (its English name), duration, text and segments."""
    return {
        "task": task_type,
        "language": language_name(transcript.language),
        "duration": transcript.duration,
        "text": transcript.text,
        "segments": segments(transcript),
    }


def segments(transcript: Transcript) -> list[dict[str, Any]]:
    """Return the segments: seek, start, end, text, tokens and how certain they are."""
    return [
        {
            "id": number,
            "seek": one.t0,
            "start": one.start,
            "end": one.end,
            "text": one.raw.decode("utf-8", errors="replace") or one.text,
            "tokens": [token.id for token in one.tokens],
            "temperature": _finite(one.temperature),
            "avg_logprob": _finite(one.avg_logprob),
            "compression_ratio": _compression_ratio(one),
            "no_speech_prob": _finite(one.no_speech_prob),
        }
        for number, one in enumerate(transcript)
    ]


def words(transcript: Transcript, with_probability: bool = False) -> list[dict[str, Any]]:
    """Return the words of all segments; empty without times of tokens."""
    return [
        {
            "word": word.text,
            "start": word.start,
            "end": word.end,
            **({"probability": round(word.probability, 4)} if with_probability else {}),
        }
        for segment in transcript
        for word in segment.words
    ]


def language_name(code: str) -> str:
    """whisper.cpp's word for a language, `english`; "" for none."""
    number = _core.lang_id(code) if code else -1
    return str(_core.lang_str_full(number)) if number >= 0 else code


def _compression_ratio(segment: Segment) -> float:
    """How far zlib shrinks the text, as OpenAI's whisper has it: much where it repeats itself."""
    text = segment.text.encode()
    return len(text) / len(zlib.compress(text)) if text else 1.0


def _finite(value: float) -> float:
    """JSON has no NaN."""
    return value if math.isfinite(value) else 0.0
