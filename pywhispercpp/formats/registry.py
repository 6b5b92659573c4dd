"""The table of formats: name, file name extension, function, and what it needs of a transcription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: how it is asked for, and its module in this package ("-" is "_").
        extension: what goes behind a file's name.
        doc: what it is, in a few words.
        needs_token_times: whether it shows times of tokens or words (token_timestamps=True).
    """

    name: str
    extension: str
    doc: str
    needs_token_times: bool = False

    def render(self, segments: Sequence[Segment], details: Details) -> bytes:
        """Return the bytes of a file."""
        module = import_module(f"pywhispercpp.formats.{self.name.replace('-', '_')}")
        content: bytes = module.render(segments, details)
        return content


# In the order in which whisper-cli writes them; of several, the first goes to standard output.
_ALL = (
    Format("txt", ".txt", "plain text, a segment a line"),
    Format("vtt", ".vtt", "WebVTT subtitles"),
    Format("srt", ".srt", "SubRip subtitles"),
    Format("wts", ".wts", "a bash script that makes a karaoke video with ffmpeg", True),
    Format("csv", ".csv", "a table: start and end in ms, text"),
    Format("json", ".json", "JSON: the model, the options, the segments"),
    Format("json-full", ".json", "JSON with every token", True),
    Format("lrc", ".lrc", "lyrics with times"),
    Format("score", ".score.txt", "every token and its probability"),
    Format("tsv", ".tsv", "a table as OpenAI's whisper writes it: start and end in ms, text"),
    Format("html", ".html", "a page that plays the audio, lights the words and shows confidence", True),
)

FORMATS: dict[str, Format] = {one.name: one for one in _ALL}
