"""Subtitles for every recording in a folder: python subtitles_for_folder.py FOLDER [-m base.en] [-l en]

Writes talk.srt beside talk.mp4. A file that has subtitles already is left alone, one that cannot be read is
told, and the others are still done. Run it again after new files have come.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pywhispercpp import AudioError, Model, formats

SUFFIXES = {".mp3", ".mp4", ".m4a", ".mkv", ".mov", ".wav", ".flac", ".ogg", ".opus", ".webm"}


def main() -> int:
    """Return 0, or 1 where a file could not be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-m", "--model", default="base.en")
    parser.add_argument("-l", "--language", default="en")
    args = parser.parse_args()
    todo = [path for path in recordings(args.folder) if not path.with_suffix(".srt").exists()]
    print(f"{len(todo)} recordings without subtitles")
    model = Model(args.model, language=args.language)
    return max([subtitles(model, path) for path in todo], default=0)


def recordings(folder: Path) -> list[Path]:
    """All recordings below a folder."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def subtitles(model: Model, path: Path) -> int:
    """Write the subtitles of one recording, in lines that fit on a screen."""
    target = path.with_suffix(".srt")
    try:
        transcript = model.transcribe(path, token_timestamps=True, max_len=42, split_on_word=True)
    except AudioError as error:
        print(error, file=sys.stderr)
        return 1
    formats.write(target, "srt", transcript)
    print(f"{target}: {len(transcript)} subtitles, {transcript.duration:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
