"""Vad: where in audio somebody speaks, by the Silero model; and audio of which only that is left."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pywhispercpp import _core
from pywhispercpp.numpy_later import np
from pywhispercpp.option_rules import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pywhispercpp.segment import Segment, Token

    Samples = NDArray[np.float32]

WINDOW = 512  # samples, 32 ms: what the model looks at in one step
STEPS_AT_ONCE = 1024  # half a minute: between two such pieces Ctrl-C and the abort callback are looked at
GAP = _core.SAMPLE_RATE // 10  # silence between two stretches of speech that are put together
LEAST_CS = 10  # no segment is shorter


class Vad:
    """A voice activity detector in memory. Threads may share one, though not one stream of audio.

    >>> vad = Vad()  # doctest: +SKIP
    >>> vad.speech(samples)  # doctest: +SKIP
    [(4640, 35808), (52768, 70624), …]
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, n_threads: int = 1) -> None:
        """Load a Silero VAD model in ggml form; path=None is the published one, downloaded when missing.

        n_threads: more than one makes it slower: its matrices are small.
        Raises ModelError, ModelNotFoundError, DownloadError, BackendError.
        """
        from pywhispercpp.cpu_variant import backend_info
        from pywhispercpp.models import vad_model

        backend_info()  # a portable wheel loads what it computes with
        self._vad = _core.Vad(os.fsencode(vad_model(path)), n_threads)

    def probabilities(self, samples: Samples) -> Samples:
        """Return how likely speech is, 0 to 1, in each 512 of `samples` (float32, shape (n,), 16 kHz).

        The last window is filled with silence. What comes is taken to follow what came before: reset() begins
        anew.
        """
        pieces = [
            self._vad.probabilities(samples[start : start + STEPS_AT_ONCE * WINDOW])
            for start in range(0, samples.size, STEPS_AT_ONCE * WINDOW)
        ]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def reset(self) -> None:
        """Forget the audio so far."""
        self._vad.reset()

    def speech(
        self, samples: Samples, look_up: Callable[[], object] | None = None, **vad_params: float
    ) -> list[tuple[int, int]]:
        """Return (start, end) of each stretch of speech, in samples.

        look_up: called about every 30 s of audio; an exception of it ends the work.
        vad_params: threshold, min_speech_duration_ms, …: those of transcribe()'s `vad_params`.
        """
        params = _core.Params(0)
        for name, value in checked({"vad_params": vad_params}).items():
            setattr(params, name, value)
        return [(_samples(start), _samples(end)) for start, end in self._spans(samples, params, look_up)]

    def _spans(
        self, samples: Samples, params: _core.Params, look_up: Callable[[], object] | None
    ) -> list[tuple[float, float]]:
        self.reset()
        found = []
        for start in range(0, samples.size, STEPS_AT_ONCE * WINDOW):
            if look_up is not None:
                look_up()
            found.append(self._vad.probabilities(samples[start : start + STEPS_AT_ONCE * WINDOW]))
        return self._vad.segments(np.concatenate(found), params) if found else []


def _samples(centiseconds: float) -> int:
    return int(int(centiseconds) / 100 * _core.SAMPLE_RATE + 0.5)


def _centiseconds(samples: int) -> int:
    return int(samples / _core.SAMPLE_RATE * 100 + 0.5)


@dataclass(frozen=True)
class Timeline:
    """Where stretches of what whisper.cpp heard lie in the audio; all times in centiseconds.

    Attributes:
        heard: (start, end) of each stretch in what was heard, rising; between two of them it is silence.
        original: the start of each in the audio.
    """

    heard: tuple[tuple[int, int], ...] = ()
    original: tuple[int, ...] = ()

    def start(self, time: int) -> int:
        """The time in the audio of what begins at `time`; in a silence, the next stretch's start."""
        if not self.heard or time < 0:
            return time
        for (first, last), original in zip(self.heard, self.original):
            if time < last:
                return original + max(0, time - first)
        return self._end_of(-1)

    def end(self, time: int) -> int:
        """The time in the audio of what ends at `time`; in a silence, the end of the stretch before."""
        if not self.heard or time < 0:
            return time
        index = max(0, bisect_left([first for first, _ in self.heard], time) - 1)
        first, last = self.heard[index]
        return self.original[index] + min(max(0, time - first), last - first)

    def _end_of(self, index: int) -> int:
        first, last = self.heard[index]
        return self.original[index] + last - first

    def placed(self, segment: Segment) -> Segment:
        """Return the segment with its own and its tokens' times in the audio."""
        if not self.heard:
            return segment
        t0 = self.start(segment.t0)
        t1 = max(self.end(segment.t1), t0 + LEAST_CS)
        return replace(segment, t0=t0, t1=t1, tokens=tuple(self._placed(token) for token in segment.tokens))

    def _placed(self, token: Token) -> Token:
        t0, t1 = self.start(token.t0), self.end(token.t1)
        return replace(token, t0=t0, t1=max(t0, min(t1, self._last(t0))), t_dtw=self.end(token.t_dtw))

    def _last(self, time: int) -> int:
        """The end of the stretch that a time of the audio lies in: no token goes on past it."""
        return self._end_of(bisect_right(self.original, time) - 1) if time >= 0 else time


@dataclass(frozen=True)
class Speech:
    """Only the speech of some audio, with short silences between, and the way back to its times."""

    samples: Samples
    timeline: Timeline


def cut_out(
    samples: Samples, spans: Sequence[tuple[int, int]], samples_overlap: float, first: int = 0
) -> Speech:
    """Return the speech of `samples` at `spans`, as whisper.cpp puts it together.

    samples_overlap: seconds by which a stretch goes on past its end, except the last.
    first: where `samples` begins in the audio, in samples.
    """
    overlap = int(np.float32(samples_overlap) * np.float32(_core.SAMPLE_RATE))
    silence = np.zeros(GAP, np.float32)
    parts: list[Samples] = []
    heard: list[tuple[int, int]] = []
    original: list[int] = []
    place, last = 0, samples.size - 1
    for number, (start, end) in enumerate(spans):
        is_last = number == len(spans) - 1
        part = samples[min(start, last) : min(end if is_last else end + overlap, last)]
        if part.size:
            heard.append((_centiseconds(place), _centiseconds(place + min(end, last) - start)))
            original.append(_centiseconds(first + start))
            parts += [part] if is_last else [part, silence]
            place += part.size + GAP
    whole = np.concatenate(parts) if parts else silence[:0]
    return Speech(whole, Timeline(tuple(heard), tuple(original)))
