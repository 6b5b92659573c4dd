"""What one transcription hears, and how what whisper.cpp says of it becomes segments of the audio."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pywhispercpp import _core, audio, diarize
from pywhispercpp.numpy_later import np
from pywhispercpp.segment import Segment, from_core
from pywhispercpp.vad import Timeline, Vad, cut_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PER_MS = audio.SAMPLE_RATE // 1000
NOTHING_CUT = Timeline()


@dataclass(frozen=True)
class Hearing:
    """Audio on its way in, and the way back of its segments.

    Attributes:
        samples: what whisper.cpp hears: float32, shape (n,), 16 kHz.
        duration: seconds of audio that there were.
        timeline: the times that those of whisper.cpp stand for.
        channels: both channels, shape (n, 2), where speakers are told by them.
        extract_probability: whether Segment.probability is asked for.
    """

    samples: audio.Samples
    duration: float
    timeline: Timeline = NOTHING_CUT
    channels: NDArray[np.float32] | None = None
    extract_probability: bool = False

    @classmethod
    def of(cls, media: audio.Media, with_speakers: bool, extract_probability: bool) -> Hearing:
        """Load audio; both of its channels where the speakers are asked for. Raises AudioError."""
        channels = audio.load_channels(media) if with_speakers else None
        samples = audio.load(media) if channels is None else channels.mean(axis=1, dtype=np.float32)
        seconds = samples.size / audio.SAMPLE_RATE
        return cls(samples, seconds, channels=channels, extract_probability=extract_probability)

    def speech_only(self, run: _core.Params, look_up: Callable[[], object]) -> Hearing:
        """Leave only the speech, as the VAD options of `run` say, which then has none of them any more.

        look_up: called now and then; an exception of it ends the work. Raises ModelError, DownloadError.
        """
        first = min(self.samples.size, run.offset_ms * _PER_MS)
        last = first + run.duration_ms * _PER_MS if run.duration_ms else self.samples.size
        wanted = self.samples[first:last]
        path = None if run.vad_model_path is None else os.fsdecode(run.vad_model_path)
        spans = Vad(path).speech(wanted, look_up, **run.vad_params)
        speech = cut_out(wanted, spans, run.vad_params["samples_overlap"], first)
        run.vad, run.offset_ms, run.duration_ms = False, 0, 0
        return replace(self, samples=speech.samples, timeline=speech.timeline)

    def segment(self, raw: _core.Segment) -> Segment:
        """Return what whisper.cpp gave as a segment of the audio."""
        segment = self.timeline.placed(from_core(raw, self.extract_probability))
        if self.channels is not None:
            segment.speaker = diarize.speaker(segment, self.channels)
        return segment
