"""whisper-cli's karaoke script: bash that has ffmpeg draw the words over a black picture.

Text and file names go through three readers, bash, ffmpeg's filter graph and its drawtext filter, and none of
them may take a part of them for its own: whisper-cli lets `$(…)` in the text run, this does not.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pywhispercpp.errors import OptionError
from pywhispercpp.formats.text import one_line, speaker_mark, utf8

if TYPE_CHECKING:
    from pywhispercpp.formats.details import Details
    from pywhispercpp.segment import Segment, Token

GAP = "\\ "  # a blank that ffmpeg keeps


def render(segments: Sequence[Segment], details: Details) -> bytes:
    """Return the script; raises OptionError where the audio file or the font is not told."""
    if not details.media or not details.font_path:
        raise OptionError("wts: a karaoke script needs the audio file's name and a font (font_path)")
    media = _file(details.media)
    video = _in_quotes(f"{media}.mp4")
    picture = f"color=size=1200x120:duration={_seconds(details)}:rate=25:color=black"
    filters = ",".join(",".join(_segment(one, details.font_path)) for one in segments)
    return utf8(
        [
            "#!/bin/bash\n\n",
            f"ffmpeg -i {shlex.quote(media)} -f lavfi -i {picture} -vf ",
            f'"{filters}" -c:v libx264 -pix_fmt yuv420p -y {shlex.quote(media + ".mp4")}\n',
            f'\n\necho "Your video has been saved to {video}"\n',
            f'\necho "  ffplay {video}"\n\n',
        ]
    )


def _file(name: str) -> str:
    """A file name that ffmpeg takes neither for an option nor for a protocol."""
    return os.path.join(".", name) if name.startswith("-") or re.match(r"[^/]*:", name) else name  # noqa: PTH118


def _seconds(details: Details) -> str:
    """The length of the audio and a sixteenth of a second, as whisper-cli has it."""
    return _number(details.duration + 1000 / 16000)


def _number(seconds: float) -> str:
    """Seconds with six digits as C++ prints them; with more where those would not tell hundredths."""
    return f"{seconds:g}" if abs(seconds) < 1000 else f"{seconds:.2f}".rstrip("0").rstrip(".")


def _segment(segment: Segment, font: str) -> Iterator[str]:
    """The filters of one segment: the text in grey, and for each token the token in green, underlined."""
    tokens = [token for token in segment.tokens if not token.is_special]
    draw = f"drawtext=fontfile='{_font(font)}':fontsize=24:fontcolor="
    place = ":x=(w-text_w)/2"
    yield f"{draw}gray{place}:y=h/2:text='':{_between(segment.t0, segment.t0)}"
    if tokens:
        whole = b"".join(token.raw for token in tokens).decode("utf-8", errors="replace")
        text = f"{speaker_mark(segment)}> {_drawn(whole)}"
        yield f"{draw}gray{place}:y=h/2:text='{text}':{_between(segment.t0, segment.t1)}"
    for index, token in enumerate(tokens):
        lit, line = _lit(tokens, index, speaker_mark(segment))
        when = _between(token.t0, token.t1)
        yield f"{draw}lightgreen{place}+8:y=h/2:text='{lit}':{when}"
        yield f"{draw}lightgreen{place}+8:y=h/2+16:text='{line}':{when}"


def _between(t0: int, t1: int) -> str:
    return f"enable='between(t,{_number(t0 / 100)},{_number(t1 / 100)})'"


def _lit(tokens: Sequence[Token], index: int, speaker: str) -> tuple[str, str]:
    """The text of one token with blanks for the others, and the line below it."""
    lit, line = f"{speaker}> ", GAP * len(speaker) + GAP * 2
    for number, token in enumerate(tokens):
        if number == index:
            lit += _drawn(token.text) + "|"
            line += "_" * len(token.text)
        else:
            lit += GAP * len(token.text)
            line += GAP * len(token.text)
    return lit, line


def _drawn(text: str) -> str:
    """Text inside '…' inside "…": quotes as whisper-cli has them, the rest so that all read it back."""
    text = one_line(text).replace("\0", "").replace("'", "\u2019")
    text = re.sub(r"[\\%]", r"\\\g<0>", text)  # drawtext's own escapes and %{…}
    return _in_quotes(re.sub(r"[\\:]", r"\\\g<0>", text))  # options end at a colon


def _font(path: str) -> str:
    """A font's path inside '…' inside "…", quotes too."""
    return _in_quotes(re.sub(r"[\\:']", r"\\\g<0>", path).replace("'", r"'\''"))


def _in_quotes(text: str) -> str:
    """Text inside bash's double quotes."""
    return re.sub(r'[\\$`"]', r"\\\g<0>", text)
