"""A page that plays the audio, lights the words as they are said, and shows how sure the model was of each.

It stands alone: style and script are in it, and the audio is beside it, or in it with Details.embed. Nothing
of the text or the file name is read as HTML or script.
"""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from pywhispercpp.formats.html_parts import PAGE, SCRIPT, STYLE
from pywhispercpp.formats.placed import placed_words
from pywhispercpp.formats.text import utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment
    from pywhispercpp.words import Word

LEVELS = 5  # of confidence: 0 least


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the page."""
    name = os.path.basename(details.media) if details.media else "Transcript"  # noqa: PTH119
    page = PAGE.substitute(
        language=escape(details.result_language or "und"),
        title=escape(name),
        facts=escape(_facts(details)),
        player=_player(details),
        style=STYLE,
        script=SCRIPT,
        text="\n".join(_segment(one) for one in segments) or "<p>Nothing was said.</p>",
    )
    return utf8([page])


def _facts(details: Details) -> str:
    """Language, length and model, as far as they are known."""
    minutes, seconds = divmod(round(details.duration), 60)
    length = f"{minutes}:{seconds:02d} min" if details.duration else ""
    model = os.path.basename(details.model_path)  # noqa: PTH119
    return " · ".join(part for part in (details.result_language, length, model) if part)


def _player(details: Details) -> str:
    source = _source(details)
    return f'<audio controls preload="metadata" src="{escape(source)}"></audio>' if source else ""


def _source(details: Details) -> str:
    """Where the audio is: in the page, or at a relative address."""
    if details.embed:
        kind = mimetypes.guess_type(details.media)[0] or "audio/wav"
        return f"data:{kind};base64,{base64.b64encode(details.embed).decode()}"
    if not details.media:
        return ""
    address = quote(os.fsencode(details.media))
    return address if address.startswith("/") else f"./{address}"  # a colon in it is no protocol


def _segment(segment: Segment) -> str:
    """A paragraph: a button that plays from its start, the speaker, the words."""
    minutes, seconds = divmod(segment.t0 // 100, 60)
    time = f"{minutes}:{seconds:02d}"
    speaker = f'<b class="speaker">Speaker {escape(segment.speaker)}</b> ' if segment.speaker else ""
    words = "".join(escape(gap) + _span(word) for gap, word in placed_words(segment))
    return (
        f'<p><button type="button" data-start="{segment.start:.2f}" aria-label="Play from {time}">{time}'
        f"</button> {speaker}{words}</p>"
    )


def _span(word: Word) -> str:
    level = min(LEVELS - 1, int(word.probability * LEVELS))
    return (
        f'<span class="word p{level}" data-start="{word.start:.2f}" data-end="{word.end:.2f}" '
        f'title="{100 * word.probability:.0f} %">{escape(word.text)}</span>'
    )
