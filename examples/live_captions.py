"""Captions while somebody speaks: python live_captions.py [-m base.en] [FILE]

Listens to the microphone (pip install "pywhispercpp[live]"), or to a file as if it were spoken. What is still
being said is shown and replaced; a finished utterance gets a line of its own with its time. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import sys

from pywhispercpp import Model
from pywhispercpp.live import LiveSegment, listen

ERASE = "\r\x1b[2K"


def main() -> int:
    """Show captions until the source ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="a recording in place of the microphone")
    parser.add_argument("-m", "--model", default="base.en")
    args = parser.parse_args()
    model = Model(args.model)
    try:
        # Unfinished text costs as much as finished text: none where it cannot be shown.
        for caption in listen(model, args.file, step_ms=500 if sys.stdout.isatty() else 0):
            show(caption)
    except KeyboardInterrupt:
        print()
    return 0


def show(caption: LiveSegment) -> None:
    """Print a caption; an unfinished one only on a terminal, where it can be replaced."""
    if caption.is_final:
        start = ERASE if sys.stdout.isatty() else ""
        print(f"{start}[{caption.start:7.2f}] {caption.text}", flush=True)
    elif sys.stdout.isatty():
        print(f"{ERASE}{caption.text[-100:]} …", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
