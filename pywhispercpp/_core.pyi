"""Types of the extension over whisper.cpp. Private: use pywhispercpp.Model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: int

def system_info() -> str: ...
def whisper_version() -> str: ...
def set_log_sink(sink: Callable[[int, bytes], object] | None) -> None: ...
def drain_log() -> None: ...

class Params:
    n_threads: int
    n_max_text_ctx: int
    offset_ms: int
    duration_ms: int
    translate: bool
    no_context: bool
    no_timestamps: bool
    single_segment: bool
    print_special: bool
    print_progress: bool
    print_realtime: bool
    print_timestamps: bool
    token_timestamps: bool
    thold_pt: float
    thold_ptsum: float
    max_len: int
    split_on_word: bool
    max_tokens: int
    debug_mode: bool
    audio_ctx: int
    tdrz_enable: bool
    suppress_regex: str | None
    carry_initial_prompt: bool
    detect_language: bool
    suppress_blank: bool
    suppress_nst: bool
    temperature: float
    max_initial_ts: float
    length_penalty: float
    temperature_inc: float
    entropy_thold: float
    logprob_thold: float
    no_speech_thold: float
    grammar_penalty: float
    vad: bool
    language: str | None
    initial_prompt: str | None
    @property
    def prompt_tokens(self) -> list[int] | None: ...
    @prompt_tokens.setter
    def prompt_tokens(self, value: Sequence[int] | None) -> None: ...
    @property
    def vad_model_path(self) -> str | None: ...
    @vad_model_path.setter
    def vad_model_path(self, value: str | bytes | None) -> None: ...
    @property
    def prompt_n_tokens(self) -> int: ...
    @property
    def strategy(self) -> int: ...
    greedy: dict[str, Any]
    beam_search: dict[str, Any]
    vad_params: dict[str, Any]

    def __init__(self, strategy: int) -> None: ...
    def copy(self) -> Params: ...

class Token:
    @property
    def id(self) -> int: ...
    @property
    def p(self) -> float: ...
    @property
    def plog(self) -> float: ...
    @property
    def t0(self) -> int: ...
    @property
    def t1(self) -> int: ...
    @property
    def text(self) -> bytes: ...

class Segment:
    @property
    def t0(self) -> int: ...
    @property
    def t1(self) -> int: ...
    @property
    def text(self) -> bytes: ...
    @property
    def no_speech_prob(self) -> float: ...
    @property
    def speaker_turn_next(self) -> bool: ...
    @property
    def tokens(self) -> list[Token]: ...

class ContextParams:
    use_gpu: bool
    flash_attn: bool
    gpu_device: int
    def __init__(self) -> None: ...

class Context:
    def __init__(self, path: str | bytes, params: ContextParams) -> None: ...
    def close(self) -> None: ...
    def log_timings(self) -> None: ...
    @property
    def n_vocab(self) -> int: ...
    @property
    def n_audio_ctx(self) -> int: ...
    @property
    def n_text_ctx(self) -> int: ...
    @property
    def n_mels(self) -> int: ...
    @property
    def ftype(self) -> int: ...
    @property
    def is_multilingual(self) -> bool: ...
    @property
    def type(self) -> str: ...

class Result:
    @property
    def segments(self) -> list[Segment]: ...
    @property
    def language(self) -> int: ...
    @property
    def aborted(self) -> bool: ...

def full(
    context: Context,
    params: Params,
    samples: NDArray[np.float32],
    n_processors: int = 1,
    new_segment: Callable[[Segment], object] | None = None,
    progress: Callable[[int], object] | None = None,
    abort: Callable[[], object] | None = None,
) -> Result: ...
def check_regex(expression: str) -> None: ...
def lang_max_id() -> int: ...
def lang_id(language: str) -> int: ...
def lang_str(id: int) -> str | None: ...
def lang_str_full(id: int) -> str | None: ...
def detect_language(
    context: Context, samples: NDArray[np.float32], offset_ms: int, n_threads: int
) -> tuple[int, list[float]]: ...
