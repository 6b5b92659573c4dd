"""Transcripts as files: one format a module, each `render(segments, details) -> bytes`.

    from pywhispercpp import formats

    transcript = model.transcribe("talk.mp3")
    formats.write("talk.srt", "srt", transcript)

The text formats are byte for byte what whisper-cli of whisper.cpp 1.8.5 writes; docs/formats.md says where
they differ, and why.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Union

from pywhispercpp.atomic_file import writing
from pywhispercpp.errors import OptionError
from pywhispercpp.formats.details import Details, facts
from pywhispercpp.formats.registry import FORMATS, Format

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

__all__ = ["FORMATS", "Details", "Format", "facts", "find", "render", "write"]

Path = Union[str, "os.PathLike[str]"]


def find(name: str) -> Format:
    """Return the format of that name; raises OptionError, with all names, where there is none."""
    if name not in FORMATS:
        raise OptionError(f"format={name!r} is unknown, known are {', '.join(FORMATS)}")
    return FORMATS[name]


def render(name: str, segments: Iterable[Segment], details: Details | None = None) -> bytes:
    """Return segments in the format of that name, as the bytes of a file.

    details: what the segments do not tell (the model, the audio file); json, wts and html use it.
    Raises OptionError for an unknown name, and where a format needs a detail that is not there.

    >>> from pywhispercpp import Segment
    >>> render("srt", [Segment(0, 376, "Good morning.")])
    b'1\\n00:00:00,000 --> 00:00:03,760\\n Good morning.\\n\\n'
    """
    return find(name).render(list(segments), details or Details())


def write(path: Path, name: str, segments: Iterable[Segment], details: Details | None = None) -> None:
    """Write segments to a file, whole or not at all. Raises OptionError as render() does, or OutputError."""
    content = render(name, segments, details)
    with writing(path, "wb") as file:
        file.write(content)
