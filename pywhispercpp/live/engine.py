"""LiveEngine: chunks of audio in, pieces of text out; no thread, no clock, no device."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp import audio
from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import AudioError
from pywhispercpp.live import options as live_options
from pywhispercpp.live import vad as live_vad
from pywhispercpp.live.ear import Ear
from pywhispercpp.live.segment import LiveSegment, text_of
from pywhispercpp.live.text import agreed, plain, without_twice
from pywhispercpp.live.vad import FRAME, SpeechGate, VadChoice
from pywhispercpp.live.window import AudioWindow
from pywhispercpp.segment import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.audio import Samples
    from pywhispercpp.model import Model

BLOCK = 32 * FRAME  # one second at once: a chunk of an hour needs no more memory
LONGEST = 28 * SAMPLE_RATE  # what whisper.cpp hears in one window of 30 s
MARGIN = SAMPLE_RATE * 3 // 10  # no cut this near to the newest sample
PLACES = 3  # to cut at that are tried


@dataclass
class _Piece:
    """Speech that is heard together: an utterance, or a part of one that is long."""

    number: int
    start: int
    limit: int  # samples at which it is cut
    heard: int = 0  # samples of it at the last hearing
    words: list[str] = field(default_factory=list)  # of the last hearing
    before: list[str] = field(default_factory=list)  # words of the piece before, part of which is heard again


class LiveEngine:
    """Turns a stream into text: speech is cut into utterances, and each is heard whole once it has ended.

    While someone speaks, unfinished text comes every `step_ms`. Speech longer than `length_ms` is cut at its
    quietest moment; the cut holds when what is heard up to there is how the whole begins, so that no word is
    cut in two. listen() feeds one from a microphone, a file or an iterator.

        engine = LiveEngine(model, step_ms=0)
        for chunk in chunks:
            for segment in engine.push(chunk):
                print(segment.text)
        print(*(segment.text for segment in engine.finish()))
    """

    def __init__(
        self,
        model: Model,
        *,
        vad: VadChoice = True,
        vad_model_path: str | os.PathLike[str] | None = None,
        vad_params: Mapping[str, Any] | None = None,
        step_ms: int = 1000,
        length_ms: int = 10_000,
        keep_ms: int = 200,
        **params: object,
    ) -> None:
        """Get ready; the arguments are listen()'s. Raises OptionError, ModelError or DownloadError."""
        given = {"step_ms": step_ms, "length_ms": length_ms, "keep_ms": keep_ms}
        self._options = live_options.checked(given, vad_params)
        self._ear = Ear(model, params)
        self._voice = live_vad.choose(vad, vad_model_path)
        self._gate = SpeechGate(self._options)
        self._window = AudioWindow()
        self._rest: Samples = np.empty(0, dtype=np.float32)  # less than a frame
        self._now = 0  # samples that the gate has seen
        self._done = 0  # samples that nothing more is heard in
        self._count = 0
        self._piece: _Piece | None = None
        self._hurry = False
        self._finished = False

    @property
    def position(self) -> float:
        """Seconds of audio that were pushed."""
        return (self._now + self._rest.size) / SAMPLE_RATE

    def push(self, chunk: NDArray[Any], behind: float = 0.0) -> list[LiveSegment]:
        """Hear a chunk: floating point, shape (n,) of any n, mono, 16 kHz; return what it brought.

        behind: seconds of audio that wait already. Above 0 no unfinished text is made; from `length_ms` on
        cuts are not checked and decoding has one try. Raises AudioError, or what Model.transcribe raises.
        """
        samples = _checked(chunk, self.position)
        if self._finished:
            raise AudioError("the stream has ended: a chunk came after finish()")
        self._hurry = behind * SAMPLE_RATE >= self._options.length
        found = list(self._advance(samples))
        if behind <= 0:
            found += self._unfinished()
        return found

    def skip(self, count: int) -> list[LiveSegment]:
        """Go on after `count` samples that were lost: silence, which ends what was being said.

        It takes no longer for an hour than for a second. Raises what push() raises.
        """
        if not count:
            return []
        silence = min(count, self._options.min_silence + 2 * FRAME)
        found = self.push(np.zeros(silence, dtype=np.float32), 1.0)
        left = (count - silence) // FRAME * FRAME
        if self._piece is None and not self._gate.is_open:
            self._now += left
            self._window.skip(left)
            left = count - silence - left
        else:  # a VAD that hears speech in silence
            left = count - silence
        return found + self.push(np.zeros(left, dtype=np.float32), 1.0)

    def finish(self) -> list[LiveSegment]:
        """End the stream; return the text of what was not finished yet. Raises what push() raises."""
        if self._finished:
            return []
        end = self._now + self._rest.size
        found = list(self._advance(np.zeros(-self._rest.size % FRAME, dtype=np.float32)))
        self._finished = True
        if self._gate.is_open:
            found += self._close(end)
        return found

    def _advance(self, samples: Samples) -> Iterator[LiveSegment]:
        samples = np.concatenate((self._rest, samples))
        whole = samples.size // FRAME * FRAME
        self._rest = samples[whole:].copy()
        for first in range(0, whole, BLOCK):
            block = samples[first : min(first + BLOCK, whole)]
            self._window.append(block)
            for probability in self._voice.probabilities(block):
                yield from self._frame(float(probability))
            if self._piece is None:
                self._window.drop_before(self._now - self._options.pad)

    def _frame(self, probability: float) -> Iterator[LiveSegment]:
        ended = self._gate.push(probability, self._now)
        self._now += FRAME
        if ended:
            yield from self._close(self._gate.end + self._options.pad)
        elif self._gate.is_open:
            if self._piece is None:
                self._begin(max(self._gate.start - self._options.pad, self._done))
            elif self._now - self._piece.start >= self._piece.limit:
                yield from self._cut(self._piece)

    def _begin(self, start: int, before: Sequence[str] = ()) -> None:
        self._piece = _Piece(self._count, start, self._options.length, before=list(before))

    def _close(self, end: int) -> Iterator[LiveSegment]:
        """The utterance has ended."""
        piece, self._piece = self._piece, None
        if piece is None:
            return
        self._done = min(end, self._now)
        spoken = min(self._gate.spoken, self._gate.end - piece.start)  # the second: since a cut
        if spoken >= self._options.min_speech:
            yield from self._final(piece, self._hear(piece, self._done), self._done)
        self._window.drop_before(self._done - self._options.pad)

    def _cut(self, piece: _Piece) -> Iterator[LiveSegment]:
        """The piece has reached its limit: cut it, or let it grow where no good place is found."""
        length = self._now - piece.start
        places = self._window.quiet_places(
            piece.start + length // 2, self._now - MARGIN, 1 if self._hurry else PLACES
        )
        whole = [] if self._hurry else plain(self._hear(piece, self._now))
        for place in places:
            heard = self._hear(piece, place)
            words = plain(heard)
            if self._hurry or (words == whole[: len(words)] and bool(words) == bool(whole)):
                yield from self._split(piece, heard, place, 0)
                return
        if length < min(2 * self._options.length, LONGEST):
            piece.limit = min(length + self._options.length // 2, LONGEST)
        else:
            yield from self._split(piece, self._hear(piece, places[0]), places[0], self._options.keep)

    def _split(
        self, piece: _Piece, heard: tuple[Segment, ...], place: int, keep: int
    ) -> Iterator[LiveSegment]:
        """End the piece at `place`, and go on with the next, `keep` samples earlier."""
        yield from self._final(piece, heard, place)
        self._done = place
        self._begin(place - keep, plain(heard) if keep else ())
        self._window.drop_before(place - keep)

    def _unfinished(self) -> list[LiveSegment]:
        """The text of the piece so far, when it has grown by a step."""
        piece = self._piece
        if piece is None or not self._options.step:
            return []
        length = self._now - piece.start
        if length - piece.heard < self._options.step:
            return []
        heard = self._hear(piece, self._now)
        words = plain(heard)
        confirmed = agreed(piece.words, words)
        piece.heard, piece.words = length, words
        return [self._segment(piece, heard, self._now, confirmed)] if heard else []

    def _hear(self, piece: _Piece, end: int) -> tuple[Segment, ...]:
        samples = self._window.cutting(piece.start, end)
        return without_twice(self._ear.hear(samples, piece.start, self._hurry), piece.before)

    def _final(self, piece: _Piece, heard: tuple[Segment, ...], end: int) -> Iterator[LiveSegment]:
        if heard:
            self._count += 1
            self._ear.remember(heard)
            yield self._segment(piece, heard, end, None)

    def _segment(
        self, piece: _Piece, heard: tuple[Segment, ...], end: int, confirmed: int | None
    ) -> LiveSegment:
        words = [word for one in heard for word in one.words]
        first, last = (words[0].start, words[-1].end) if words else (heard[0].start, heard[-1].end)
        return LiveSegment(
            text_of(heard),
            max(first, piece.start / SAMPLE_RATE),
            min(last, end / SAMPLE_RATE),
            confirmed is None,
            piece.number,
            len(plain(heard)) if confirmed is None else confirmed,
            heard,
        )


def _checked(chunk: object, position: float) -> Samples:
    if not isinstance(chunk, np.ndarray):
        raise AudioError(f"a chunk of a stream must be an array of float32, not {type(chunk).__name__}")
    if chunk.size == 0 and chunk.ndim == 1 and chunk.dtype.kind == "f":
        return np.empty(0, dtype=np.float32)
    try:
        return audio.check_array(chunk)
    except AudioError as error:
        raise AudioError(f"the chunk at {position:.3f} s of the stream: {error}") from None
