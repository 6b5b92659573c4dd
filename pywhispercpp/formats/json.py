"""whisper-cli's JSON: the model, the options, the result, the segments."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pywhispercpp.formats.text import comma_time, raw_text

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.models.ggml_layout import GgmlHeader
    from pywhispercpp.segment import Segment

_EMPTY = re.compile(r'^(\t*)("\w+": )\[\]', re.MULTILINE)


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the document: UTF-8, indented with tabs."""
    return dumped(document([entry(one, details) for one in segments], details))


def document(entries: list[dict[str, Any]], details: Details) -> dict[str, Any]:
    """All of it, around the entries of the segments."""
    return {
        "systeminfo": details.system_info,
        "model": {} if details.model is None else _model(details.model),
        "params": {
            "model": details.model_path,
            "language": details.language,
            "translate": details.translate,
        },
        "result": {"language": details.result_language},
        "transcription": entries,
    }


def entry(segment: Segment, details: Details) -> dict[str, Any]:
    """One segment; its speaker where there is one, whether the speaker changes with tinydiarize."""
    found = {**times(segment.t0, segment.t1), "text": raw_text(segment)}
    return {**found, **speakers(segment, details)}


def speakers(segment: Segment, details: Details) -> dict[str, Any]:
    """What is known of who speaks."""
    found: dict[str, Any] = {"speaker": segment.speaker} if segment.speaker else {}
    if details.tinydiarize:
        found["speaker_turn_next"] = segment.speaker_turn_next
    return found


def times(t0: int, t1: int) -> dict[str, Any]:
    """Start and end, for people and in milliseconds."""
    return {
        "timestamps": {"from": comma_time(t0), "to": comma_time(t1)},
        "offsets": {"from": 10 * t0, "to": 10 * t1},
    }


def dumped(value: dict[str, Any]) -> bytes:
    """The bytes of a file; a path that is no Unicode gets question marks."""
    text = json.dumps(value, indent="\t", ensure_ascii=False, allow_nan=False)
    text = _EMPTY.sub(r"\1\2[\n\1]", text)  # as whisper-cli has it; no text of a segment begins a line
    return f"{text}\n".encode("utf-8", errors="replace")


def _model(header: GgmlHeader) -> dict[str, Any]:
    return {
        "type": header.size,
        "multilingual": header.multilingual,
        "vocab": header.n_vocab,
        "audio": {
            "ctx": header.n_audio_ctx,
            "state": header.n_audio_state,
            "head": header.n_audio_head,
            "layer": header.n_audio_layer,
        },
        "text": {
            "ctx": header.n_text_ctx,
            "state": header.n_text_state,
            "head": header.n_text_head,
            "layer": header.n_text_layer,
        },
        "mels": header.n_mels,
        "ftype": header.ftype,
    }
