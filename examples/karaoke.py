"""Word-level karaoke: python karaoke.py SONG [-m base.en] [-o SONG.ass]

Writes subtitles in which each word lights up when it is sung (ASS with karaoke tags). Play them with
`mpv --sub-file=SONG.ass SONG`, or in VLC. A video instead: pywhispercpp transcribe SONG --karaoke X.mp4
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import Model, Segment
from pywhispercpp.atomic_file import writing

HEAD = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontsize, PrimaryColour, SecondaryColour, Alignment, MarginV
Style: Karaoke,24,&H0000D7FF,&H00FFFFFF,2,40

[Events]
Format: Start, End, Style, Text
"""


def main() -> int:
    """Write the subtitles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("song", type=Path)
    parser.add_argument("-m", "--model", default="base.en")
    parser.add_argument("-o", "--output", type=Path, help="default: beside the song")
    args = parser.parse_args()
    model = Model(args.model, token_timestamps=True, max_len=40, split_on_word=True)
    with writing(args.output or args.song.with_suffix(".ass")) as file:
        file.write(HEAD)
        file.writelines(line(segment) for segment in model.transcribe(args.song) if segment.words)
    return 0


def line(segment: Segment) -> str:
    r"""One subtitle: {\k50} lights the word after it for 50 centiseconds, a blank one is a pause."""
    text, at = "", segment.start
    for word in segment.words:
        pause, length = round(100 * (word.start - at)), round(100 * (word.end - word.start))
        text += (f"{{\\k{pause}}}" if pause > 0 else "") + f"{{\\k{length}}}{word.text} "
        at = word.end
    return f"Dialogue: {clock(segment.start)},{clock(max(segment.end, at))},Karaoke,{text.rstrip()}\n"


def clock(seconds: float) -> str:
    """A time as ASS has it: 0:00:07.24."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes // 60)}:{int(minutes % 60):02}:{rest:05.2f}"


if __name__ == "__main__":
    sys.exit(main())
