"""Every transcription option: name, type, default and meaning, once, under whisper.cpp's own names."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pywhispercpp.errors import OptionError
from pywhispercpp.numpy_later import is_integer, is_number, is_truth, np

INT_MAX = 2**31 - 1
FLOAT_MAX = 3.4e38
MAX_DECODERS = 8  # WHISPER_MAX_DECODERS
MAX_THREADS = 512  # GGML_MAX_N_THREADS: ggml asserts above it
MAX_REGEX = 1000  # characters: std::regex compiles by recursion, and a long pattern overflows the stack
AUTO_AUDIO_CTX = -1  # of Params.audio_ctx, until the audio is there
MAX_PROMPT_TOKENS = 65536  # whisper.cpp uses the last 224


@dataclass(frozen=True)
class Option:
    """One option: `kind` is int, float, bool, str, dict, tuple or os.PathLike; `low` and `high` count.

    `words`: texts that it takes besides, each with the number that stands for it in whisper.cpp's struct.
    """

    name: str
    kind: type
    default: Any
    doc: str
    low: float = -FLOAT_MAX
    high: float = FLOAT_MAX
    optional: bool = False
    fields: tuple[Option, ...] = ()
    words: tuple[tuple[str, int], ...] = ()

    def check(self, value: object) -> object:
        """Return `value` as whisper.cpp takes it, or raise OptionError."""
        if value is None and self.optional:
            return None
        if isinstance(value, str) and value in dict(self.words):
            return dict(self.words)[value]
        return _CHECKS[self.kind](self, value)

    def shown(self, value: object) -> object:
        """Return what was given for a value of whisper.cpp's struct."""
        return next((word for word, number in self.words if number == value), value)


def _wrong(option: Option, value: object, wanted: str) -> OptionError:
    try:
        shown = reprlib.repr(value)
    except ValueError:  # Python refuses to write out a number of more than 4300 digits
        shown = "…"
    return OptionError(f"{option.name}={shown}: {wanted}")


def _in_range(option: Option, value: float) -> None:
    if not option.low <= value <= option.high:
        high = "" if option.high >= INT_MAX else f" to {option.high:g}"
        raise _wrong(option, value, f"allowed is {option.low:g}{high or ' or more'}")


def _check_int(option: Option, value: object) -> int:
    if not is_integer(value):
        words = "".join(f" or {word!r}" for word, _ in option.words)
        raise _wrong(option, value, f"a whole number{words} is needed, not {type(value).__name__}")
    _in_range(option, int(value))
    return int(value)


def _check_float(option: Option, value: object) -> float:
    if not is_number(value):
        raise _wrong(option, value, f"a number is needed, not {type(value).__name__}")
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        raise _wrong(option, value, "a finite number is needed")
    _in_range(option, real)
    return real


def _check_bool(option: Option, value: object) -> bool:
    if not (type(value) is int and value in (0, 1)) and not is_truth(value):
        raise _wrong(option, value, "True or False is needed")
    return bool(value)


def _check_str(option: Option, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(option, value, f"text is needed, not {type(value).__name__}")
    if "\0" in value:
        raise _wrong(option, value, "text with a zero byte would be cut there")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(option, value, f"this is no valid Unicode ({error.reason})") from None
    if option.name == "suppress_regex" and len(value) > MAX_REGEX:
        raise _wrong(option, value, f"at most {MAX_REGEX} characters are allowed")
    return value


def _check_path(option: Option, value: object) -> bytes:
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise _wrong(option, value, f"a path is needed, not {type(value).__name__}")
    try:
        path = os.fsencode(value)
    except UnicodeEncodeError as error:
        raise _wrong(option, value, f"no path of this system ({error.reason})") from None
    if b"\0" in path:
        raise _wrong(option, value, "a path has no zero bytes")
    return path


def _check_tokens(option: Option, value: object) -> list[int]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise _wrong(option, value, "a sequence of token ids is needed")
    if len(value) > MAX_PROMPT_TOKENS:
        raise OptionError(f"{option.name}: {len(value)} tokens, allowed are {MAX_PROMPT_TOKENS}")
    one = Option(option.name, int, 0, "", 0, INT_MAX)
    return [_check_int(one, token) for token in value]


def _check_dict(option: Option, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(option, value, f"a dict is needed, not {type(value).__name__}")
    known = {field.name: field for field in option.fields}
    for key in value:
        if key not in known:
            raise _wrong(option, value, f"{key!r} is unknown, known are {', '.join(known)}")
    return {key: replace(known[key], name=f"{option.name}.{key}").check(item) for key, item in value.items()}


_CHECKS = {
    int: _check_int,
    float: _check_float,
    bool: _check_bool,
    str: _check_str,
    os.PathLike: _check_path,
    tuple: _check_tokens,
    dict: _check_dict,
}

_GREEDY = (Option("best_of", int, 5, "candidates at temperatures above 0", -1, MAX_DECODERS),)
_BEAM = (
    Option("beam_size", int, -1, "beams at temperature 0; 5 when left out", -1, MAX_DECODERS),
    Option("patience", float, -1.0, "not used by whisper.cpp yet"),
)
_VAD = (
    Option("threshold", float, 0.5, "probability from which a window counts as speech", 0, 1),
    Option("min_speech_duration_ms", int, 250, "shorter speech is dropped", 0, 60_000),
    Option("min_silence_duration_ms", int, 100, "shorter silence does not end speech", 0, 60_000),
    Option("max_speech_duration_s", float, 3.4028234663852886e38, "longer speech is split", 0, 3.5e38),
    Option("speech_pad_ms", int, 30, "padding before and after speech", 0, 60_000),
    Option("samples_overlap", float, 0.1, "seconds by which neighbouring speech overlaps", 0, 30),
)


def _values(fields: tuple[Option, ...]) -> dict[str, Any]:
    return {field.name: field.default for field in fields}


OPTIONS: tuple[Option, ...] = (
    Option(
        "strategy",
        int,
        "greedy",
        "how tokens are chosen: greedy, or beam_search; see those two",
        0,
        1,
        words=(("greedy", 0), ("beam_search", 1)),
    ),
    Option("n_threads", int, None, "threads to compute with; min(4, cores) when left out", 1, MAX_THREADS),
    Option("n_max_text_ctx", int, 16384, "tokens of past text used as prompt, 0 for none", -1, INT_MAX),
    Option("offset_ms", int, 0, "start this far into the audio, in ms", 0, INT_MAX),
    Option("duration_ms", int, 0, "stop after this much audio, in ms; 0 for all", 0, INT_MAX),
    Option("translate", bool, False, "translate to English"),
    Option("no_context", bool, True, "forget the text of earlier transcriptions"),
    Option("no_timestamps", bool, False, "do not make timestamps"),
    Option("single_segment", bool, False, "force a single segment (useful for streaming)"),
    Option("print_special", bool, False, "keep special tokens such as [_BEG_] in the text"),
    Option("print_progress", bool, True, "kept for pywhispercpp 1.5; see transcribe's progress_callback"),
    Option("print_realtime", bool, False, "let whisper.cpp itself print to standard output"),
    Option("print_timestamps", bool, True, "with print_realtime: print timestamps too"),
    Option("token_timestamps", bool, False, "compute timestamps of tokens"),
    Option("thold_pt", float, 0.01, "probability from which a timestamp token is used", 0, 1),
    Option("thold_ptsum", float, 0.01, "sum of probabilities from which it is used", 0, 1),
    Option("max_len", int, 0, "longest segment in characters, 0 for any; needs token_timestamps", 0, INT_MAX),
    Option("split_on_word", bool, False, "with max_len: split between words, not tokens"),
    Option("max_tokens", int, 0, "most tokens in a segment, 0 for any", 0, INT_MAX),
    Option(
        "debug_mode", bool, False, "whisper.cpp's debug mode: writes log_mel_spectrogram.json where it runs"
    ),
    Option(
        "audio_ctx",
        int,
        0,
        'audio context in positions of 20 ms, 0 for the model\'s own; "auto" for what the audio needs',
        0,
        INT_MAX,
        words=(("auto", AUTO_AUDIO_CTX),),
    ),
    Option("tdrz_enable", bool, False, "mark speaker turns (tinydiarize models)"),
    Option("initial_prompt", str, None, "text to start from; its last 224 tokens count", optional=True),
    Option("prompt_tokens", tuple, None, "token ids to start from, instead of initial_prompt", optional=True),
    Option("prompt_n_tokens", int, 0, "kept for pywhispercpp 1.5; follows from prompt_tokens", 0, INT_MAX),
    Option("carry_initial_prompt", bool, False, "put the initial prompt before every window"),
    Option("language", str, "en", 'code or English name; None, "" or "auto" to detect it', optional=True),
    Option("detect_language", bool, False, "detect the language and stop"),
    Option("suppress_blank", bool, True, "no blank at the start of a segment"),
    Option("suppress_non_speech_tokens", bool, False, "pywhispercpp's older name of suppress_nst"),
    Option("suppress_nst", bool, False, "no tokens that are not speech"),
    Option("suppress_regex", str, "", "no token that matches this ECMAScript expression", optional=True),
    Option("temperature", float, 0.0, "temperature to start with", 0, 1),
    Option("max_initial_ts", float, 1.0, "latest first timestamp in s, 0 for any", 0, 30),
    Option("length_penalty", float, -1.0, "exponent of the length penalty, -1 for a plain mean"),
    Option(
        "temperature_inc", float, 0.2, "step of the temperature when decoding fails, 0 for no retry", 0, 1
    ),
    Option("entropy_thold", float, 2.4, "decoding has failed below this entropy"),
    Option("logprob_thold", float, -1.0, "decoding has failed below this mean log probability"),
    Option("no_speech_thold", float, 0.6, "probability from which a window counts as silence"),
    Option("greedy", dict, _values(_GREEDY), "greedy decoding (strategy 0)", fields=_GREEDY),
    Option("beam_search", dict, _values(_BEAM), "beam search (strategy 1)", fields=_BEAM),
    Option("grammar", str, None, "what may be said, in whisper.cpp's GBNF", optional=True),
    Option("grammar_rule", str, "root", "the rule of the grammar to start with"),
    Option("grammar_penalty", float, 100.0, "how much a token outside the grammar is held back"),
    Option("vad", bool, False, "transcribe only where the VAD model hears speech"),
    Option(
        "vad_model_path",
        os.PathLike,
        None,
        "the Silero VAD model in ggml form; silero-vad, downloaded when missing, when left out",
        optional=True,
    ),
    Option("vad_params", dict, _values(_VAD), "parameters of the VAD", fields=_VAD),
)

BY_NAME = {option.name: option for option in OPTIONS}

# Options that are no field of their own: another name, or a value that follows from another option.
ALIASES = {"suppress_non_speech_tokens": "suppress_nst"}
DERIVED = frozenset({"prompt_n_tokens"})
