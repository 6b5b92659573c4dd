"""What the command hears: a microphone, a file or standard input, that a signal can end."""

from __future__ import annotations

import argparse
import sys
import time
import wave
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioNotFoundError, OutputError, UsageError
from pywhispercpp.live.source import Paced, file_chunks, raw_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

STDIN = "-"


def opened(args: argparse.Namespace) -> Ending:
    """Return the source that the arguments ask for. Raises AudioError, UsageError or MissingPackageError."""
    if args.source is None:
        if args.raw or args.realtime:
            raise UsageError("--raw and --realtime are for a FILE, or - for standard input")
        from pywhispercpp.live.microphone import Microphone

        chunks: Iterable[NDArray[Any]] = Microphone(_device(args.capture))
    elif args.capture is not None:
        raise UsageError(f"--capture {args.capture} and {args.source}: only one can be")
    else:
        chunks = _file(args.source, args.raw)
        if args.realtime and args.source != STDIN:
            chunks = Paced(chunks)
    realtime = args.realtime or bool(getattr(chunks, "realtime", False))
    return Ending(_recorded(chunks) if args.save_audio else chunks, chunks, realtime)


def _device(text: str | None) -> int | str | None:
    if text is None or text == "-1":  # whisper-stream's default
        return None
    return int(text) if text.isdecimal() else text


def _file(name: str, raw: str | None) -> Iterator[NDArray[Any]]:
    if name == STDIN:
        return raw_chunks(sys.stdin.buffer, raw) if raw else file_chunks(sys.stdin.buffer)
    return _raw_file(name, raw) if raw else file_chunks(name)


def _raw_file(name: str, raw: str) -> Iterator[NDArray[Any]]:
    try:
        with open(name, "rb") as file:  # noqa: PTH123 (a name may be anything the system takes)
            yield from raw_chunks(file, raw)
    except OSError as error:
        raise AudioNotFoundError(f"{name} cannot be read: {error.strerror}") from None


class Ending:
    """Chunks of a source until stop() is called, from a signal handler for example."""

    def __init__(self, chunks: Iterable[NDArray[Any]], source: object, realtime: bool) -> None:
        self._chunks = chunks
        self._source = source
        self.realtime = realtime
        self.stopped = False

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield the chunks."""
        for chunk in self._chunks:
            yield chunk
            if self.stopped:
                return

    def stop(self) -> None:
        """Let the source end as if all had been said."""
        self.stopped = True
        if getattr(self._source, "overruns", None) is not None:  # a microphone may be waited for
            self.close()

    def close(self) -> None:
        """Close a source that can be closed."""
        for one in (self._chunks, self._source):
            close = getattr(one, "close", None)
            if callable(close):
                close()


def _recorded(chunks: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The chunks, also written to a wav file by whisper-stream's name for it."""
    name = time.strftime("%Y%m%d%H%M%S.wav")
    try:
        file: IO[bytes] = open(name, "xb")  # noqa: PTH123, SIM115
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror}") from error
    with file, wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        for chunk in chunks:
            wav.writeframes((np.clip(chunk, -1, 1) * 32767).astype("<i2").tobytes())
            yield chunk
