"""listen(): text while someone speaks, from the microphone, a file or any iterator of chunks."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError
from pywhispercpp.live import options as live_options
from pywhispercpp.live.engine import LiveEngine
from pywhispercpp.live.inbox import Batch, Inbox
from pywhispercpp.live.segment import LiveSegment
from pywhispercpp.live.source import file_chunks
from pywhispercpp.live.vad import VadChoice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.model import Model

__all__ = ["LiveSegment", "Source", "listen"]

Source = Union[str, "os.PathLike[str]", "Iterable[NDArray[Any]]"]

SLICE = 5 * SAMPLE_RATE  # samples of a long chunk that are heard before their text is handed on


def listen(
    model: Model,
    source: Source | None = None,
    *,
    vad: VadChoice = True,
    vad_model_path: str | os.PathLike[str] | None = None,
    vad_params: Mapping[str, Any] | None = None,
    step_ms: int = 1000,
    length_ms: int = 10_000,
    keep_ms: int = 200,
    max_lag_s: float = 60.0,
    device: int | str | None = None,
    realtime: bool | None = None,
    **params: object,
) -> Iterator[LiveSegment]:
    """Yield text while it is spoken: unfinished text that later text of the same number replaces, then final.

    source: None for the microphone, the path of an audio file, or an iterable of chunks (arrays of floats,
        shape (n,) of any n, mono, 16 kHz).
    vad: True cuts speech into utterances by the Silero VAD; "energy" by loudness, without a model; False
        hears everything, in windows of `length_ms`; or an object with probabilities(samples).
    vad_model_path: the Silero model in ggml form; found or downloaded when None.
    vad_params: threshold, min_speech_duration_ms (100), min_silence_duration_ms (500), speech_pad_ms (200).
    step_ms: unfinished text comes after this much more speech; 0 for final text only.
    length_ms: longer speech is cut, at its quietest moment.
    keep_ms: what is heard again after a cut where there was no pause.
    max_lag_s: how many seconds of a real-time source may wait; older audio is dropped with a warning.
    device: the microphone, by its number or a part of its name; the system's own when None.
    realtime: whether the source goes on while nobody listens. It is then read on a thread of its own, and a
        slow computer drops unfinished text. None asks the source (its attribute `realtime`).
    params: options of Model.transcribe(), for this stream only.
    Closing the generator, Ctrl-C and an exception in the source end it; text of what was heard before such
    an exception still comes. Raises AudioError, OptionError, ModelError, MissingPackageError (no sounddevice
    or PortAudio) or TranscriptionError.
    """
    lengths = {"step_ms": step_ms, "length_ms": length_ms, "keep_ms": keep_ms, "max_lag_s": max_lag_s}
    options = live_options.checked(lengths, vad_params)
    chunks = _chunks(source, device)
    engine = LiveEngine(
        model,
        vad=vad,
        vad_model_path=vad_model_path,
        vad_params=vad_params,
        step_ms=step_ms,
        length_ms=length_ms,
        keep_ms=keep_ms,
        **params,
    )
    if getattr(source if chunks is source else chunks, "realtime", False) if realtime is None else realtime:
        return _waiting(engine, chunks, options.max_lag)
    return _pulled(engine, chunks)


def _chunks(source: Source | None, device: int | str | None) -> Iterable[NDArray[Any]]:
    if source is None:
        from pywhispercpp.live.microphone import Microphone

        return Microphone(device)
    if isinstance(source, (str, os.PathLike)):
        return file_chunks(source)
    if isinstance(source, (bytes, np.ndarray)) or not isinstance(source, Iterable):
        raise AudioError(
            f"a stream cannot come from {type(source).__name__}: give a path or an iterable of arrays; "
            "transcribe() takes whole recordings"
        )
    return source


def _pulled(engine: LiveEngine, source: Iterable[NDArray[Any]]) -> Iterator[LiveSegment]:
    """Hear chunks as they are asked for."""
    with _closing(source) as chunks:
        while True:
            try:
                chunk = next(chunks)
            except StopIteration:
                break
            except Exception:
                yield from engine.finish()  # what was said before the source broke
                raise
            yield from _sliced(engine, chunk)
        yield from _finished(engine)


def _sliced(engine: LiveEngine, chunk: NDArray[Any]) -> Iterator[LiveSegment]:
    """Hear a chunk of any length, and hand on text before all of it was heard."""
    if not isinstance(chunk, np.ndarray) or chunk.ndim != 1 or chunk.size <= SLICE:
        yield from engine.push(chunk)
        return
    for first in range(0, chunk.size, SLICE):
        left = max(0, chunk.size - first - SLICE)
        yield from engine.push(chunk[first : first + SLICE], min(1.0, left / SAMPLE_RATE))


def _waiting(engine: LiveEngine, source: Iterable[NDArray[Any]], most: int) -> Iterator[LiveSegment]:
    """Hear what a thread has put into the inbox."""
    with _closing(source) as chunks:
        inbox = Inbox(chunks, most)
        inbox.start()
        try:
            last = time.monotonic()
            for batch in _batches(engine, inbox):
                if isinstance(batch, Batch):
                    last = batch.arrived
                    yield from _timed(engine.skip(batch.gap), last)
                    yield from _timed(engine.push(batch.samples, batch.behind), last)
                else:
                    yield from _timed(engine.finish(), last)
                    raise batch
            yield from _timed(_finished(engine), last)
        finally:
            inbox.stop()


def _batches(engine: LiveEngine, inbox: Inbox) -> Iterator[Batch | Exception]:
    """What the inbox gives, and the error that ended it."""
    while True:
        try:
            batch = inbox.take()
        except Exception as error:
            yield error
            return
        if batch is None:
            return
        yield batch


def _finished(engine: LiveEngine) -> Iterable[LiveSegment]:
    if not engine.position:
        raise AudioError("the stream ended without any audio")
    return engine.finish()


def _timed(segments: Iterable[LiveSegment], arrived: float) -> Iterator[LiveSegment]:
    for segment in segments:
        yield dataclasses.replace(segment, lag=time.monotonic() - arrived)


@contextlib.contextmanager
def _closing(source: Iterable[NDArray[Any]]) -> Iterator[Iterator[NDArray[Any]]]:
    """The chunks of a source, which is closed when nobody wants more of them."""
    chunks = iter(source)
    try:
        yield chunks
    finally:
        for one in (chunks, source):
            close = getattr(one, "close", None)
            if callable(close):
                # A generator that a thread is inside of cannot be closed: it ends with its next chunk.
                with contextlib.suppress(ValueError):
                    close()
