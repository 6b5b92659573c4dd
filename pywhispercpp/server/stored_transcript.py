"""Transcripts as bytes that are kept in a database: JSON, compressed, with all that a format may ask for."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

from pywhispercpp.segment import Segment, Token, Transcript

__all__ = ["dumps", "loads", "segment_from_json", "segment_to_json"]

# Bytes of a token may be no UTF-8 of their own; latin-1 has a character for each byte.
_BYTES = "latin-1"


def dumps(transcript: Transcript) -> bytes:
    """The transcript as bytes."""
    value = {
        "language": transcript.language,
        "duration": transcript.duration,
        "segments": [segment_to_json(one) for one in transcript],
    }
    return zlib.compress(json.dumps(value, separators=(",", ":"), allow_nan=False).encode())


def loads(data: bytes) -> Transcript:
    """The transcript that dumps() made bytes of."""
    value = json.loads(zlib.decompress(data))
    segments = map(segment_from_json, value["segments"])
    return Transcript(segments, value["language"], duration=value["duration"])


def segment_to_json(segment: Segment) -> dict[str, Any]:
    """One segment as what JSON can say."""
    return {
        "t0": segment.t0,
        "t1": segment.t1,
        "text": segment.text,
        "probability": _number(segment.probability),
        "no_speech_prob": _number(segment.no_speech_prob),
        "temperature": _number(segment.temperature),
        "turn": segment.speaker_turn_next,
        "speaker": segment.speaker,
        "raw": segment.raw.decode(_BYTES),
        "tokens": [
            [
                t.id,
                t.raw.decode(_BYTES),
                _number(t.p),
                _number(t.plog),
                t.t0,
                t.t1,
                t.t_dtw,
                int(t.is_special),
            ]
            for t in segment.tokens
        ],
    }


def segment_from_json(value: dict[str, Any]) -> Segment:
    """The segment that segment_to_json() told."""
    return Segment(
        value["t0"],
        value["t1"],
        value["text"],
        _float(value["probability"]),
        tuple(_token(one) for one in value["tokens"]),
        _float(value["no_speech_prob"]),
        _float(value["temperature"]),
        value["turn"],
        value["speaker"],
        value["raw"].encode(_BYTES),
    )


def _token(value: list[Any]) -> Token:
    number, raw, p, plog, t0, t1, t_dtw, is_special = value
    return Token(number, raw.encode(_BYTES), _float(p), _float(plog), t0, t1, t_dtw, bool(is_special))


def _number(value: float) -> float | str | None:
    """JSON has no NaN and no infinity."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _float(value: float | str | None) -> float:
    return math.nan if value is None else float(value)
