"""WebVTT subtitles."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pywhispercpp.formats.text import dot_time, one_line, raw_text, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the cues; a speaker is a WebVTT voice."""
    cues = (f"{dot_time(one.t0)} --> {dot_time(one.t1)}\n{_voice(one)}{_text(one)}\n\n" for one in segments)
    return utf8(["WEBVTT\n\n", *cues])


def _voice(segment: Segment) -> str:
    return f"<v Speaker{segment.speaker}>" if segment.speaker else ""


def _text(segment: Segment) -> str:
    """The text, with what a player would take for a tag, a reference or a new cue written as text."""
    text = one_line(raw_text(segment))
    if html.unescape(text) != text:
        text = text.replace("&", "&amp;")
    return text.replace("<", "&lt;").replace("-->", "--&gt;")
