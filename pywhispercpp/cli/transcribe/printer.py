"""Prints segments as whisper-cli does, while the work goes on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pywhispercpp.cli import standard_streams
from pywhispercpp.cli.transcribe import colours
from pywhispercpp.errors import OutputError
from pywhispercpp.formats.text import dot_time, raw_bytes, speaker_mark

if TYPE_CHECKING:
    from pywhispercpp.segment import Segment

SPEAKER_TURN = b" [SPEAKER_TURN]"


def to_stdout(data: bytes) -> None:
    """Write bytes to standard output as they are; as text where a test or a program has put text there.

    Raises OutputError, or BrokenPipeError where the reader went away.
    """
    buffer = getattr(sys.stdout, "buffer", None)
    try:
        if buffer is None:
            sys.stdout.write(data.decode("utf-8", errors="replace"))
        else:
            sys.stdout.flush()
            buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        standard_streams.forget_output()
        raise OutputError(f"standard output cannot be written to: {error.strerror or error}") from error


class Printer:
    """Called with each new segment; `write` gets the bytes of its line."""

    def __init__(self, args: argparse.Namespace, write: Callable[[bytes], object] = to_stdout) -> None:
        self._write = write
        self._times = not args.no_timestamps
        self._lines = not args.no_timestamps or bool(args.diarize)  # else the text goes on and on
        self._turns = bool(args.tdrz_enable)
        self._special = bool(args.print_special)
        self._by_style = args.print_confidence and not args.print_colors
        asked = args.print_colors or args.print_confidence
        self._colours = asked and colours.wanted(args.color, sys.stdout)
        self._open = False

    def __call__(self, segment: Segment) -> None:
        """Print one segment."""
        times = f"[{dot_time(segment.t0)} --> {dot_time(segment.t1)}]  " if self._times else ""
        turn = SPEAKER_TURN if self._turns and segment.speaker_turn_next else b""
        end = b"\n" if self._lines else b""
        self._open = not self._lines
        self._write(times.encode() + self._text(segment) + turn + end)

    def _text(self, segment: Segment) -> bytes:
        speaker = speaker_mark(segment).encode()
        if self._colours:
            return b"".join(colours.painted(segment, speaker, self._by_style, self._special))
        return speaker + raw_bytes(segment)

    def end(self) -> None:
        """End a line that is still open."""
        if self._open:
            self._write(b"\n")
            self._open = False
