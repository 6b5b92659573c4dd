"""The fields of whisper-server's form: its names and defaults, and what each is here, as data.

Source: whisper_params, get_req_parameters() and the call of whisper_full_parallel() in
examples/server/server.cpp of whisper.cpp 1.8.5.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Callable, Literal, Optional

from fastapi import Form

from pywhispercpp.options import BY_NAME, FLOAT_MAX, INT_MAX, Option

__all__ = ["OPTIONS", "Asked", "asked"]

LINE = 60  # longest segment in characters where max_len is 0
AS_THERE = object()  # a default that is the library's own, too

ResponseFormat = Literal["json", "text", "srt", "verbose_json", "vtt"]


@dataclass(frozen=True)
class FormOption:
    """A field that is an option of Model.transcribe(), "vad_params.threshold" for a part of one.

    default, doc: whisper-server's, where they are not the library's.
    """

    name: str
    option: str
    default: Any = AS_THERE
    doc: str = ""

    def parameter(self) -> inspect.Parameter:
        """The field as a parameter of a function that FastAPI calls."""
        option = _option(self.option)
        default = option.default if self.default is AS_THERE else self.default
        limits = {} if option.kind in (bool, str) else _limits(option)
        kind: Any = option.kind if default is not None else Optional[option.kind]
        return _parameter(self.name, kind, default, self.doc or option.doc, **limits)


OPTIONS = (
    FormOption("offset_t", "offset_ms"),
    FormOption("duration", "duration_ms"),
    FormOption("max_context", "n_max_text_ctx", -1, "tokens of past text used as prompt, -1 for all"),
    FormOption("max_len", "max_len", doc=f"longest segment in characters, 0 for {LINE}"),
    FormOption("split_on_word", "split_on_word"),
    FormOption("best_of", "greedy.best_of", 2),
    FormOption("beam_size", "beam_search.beam_size", doc="above 1: beam search with so many beams"),
    FormOption("audio_ctx", "audio_ctx", doc="positions of 20 ms that the encoder sees, 0 for all"),
    FormOption("word_thold", "thold_pt"),
    FormOption("entropy_thold", "entropy_thold"),
    FormOption("logprob_thold", "logprob_thold"),
    FormOption("no_speech_thold", "no_speech_thold"),
    FormOption("temperature", "temperature"),
    FormOption("temperature_inc", "temperature_inc"),
    FormOption("tinydiarize", "tdrz_enable"),
    FormOption("no_timestamps", "no_timestamps"),
    FormOption(
        "token_timestamps", "token_timestamps", None, "times of tokens; left out: unless no_timestamps"
    ),
    FormOption("language", "language", doc="code or English name of what is spoken, auto to detect it"),
    FormOption("detect_language", "detect_language"),
    FormOption("prompt", "initial_prompt"),
    FormOption("carry_initial_prompt", "carry_initial_prompt"),
    FormOption("suppress_non_speech", "suppress_non_speech_tokens", doc="older name of suppress_nst"),
    FormOption("suppress_nst", "suppress_nst", None),
    FormOption("vad", "vad"),
    FormOption("vad_threshold", "vad_params.threshold"),
    FormOption("vad_min_speech_duration_ms", "vad_params.min_speech_duration_ms"),
    FormOption("vad_min_silence_duration_ms", "vad_params.min_silence_duration_ms"),
    FormOption("vad_max_speech_duration_s", "vad_params.max_speech_duration_s"),
    FormOption("vad_speech_pad_ms", "vad_params.speech_pad_ms"),
    FormOption("vad_samples_overlap", "vad_params.samples_overlap"),
)


@dataclass(frozen=True)
class Asked:
    """What a form asks for: options of Model.transcribe(), and what is no option."""

    options: Mapping[str, Any]
    response_format: ResponseFormat
    offset_n: int
    translate: bool
    no_language_probabilities: bool


def _parameter(name: str, kind: Any, default: Any, doc: str, **limits: float) -> inspect.Parameter:  # noqa: ANN401
    annotation = Annotated[kind, Form(description=doc, **limits)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _option(path: str) -> Option:
    name, _, part = path.partition(".")
    option = BY_NAME[name]
    return next(field for field in option.fields if field.name == part) if part else option


def _limits(option: Option) -> dict[str, float]:
    low = {"ge": option.low} if option.low > -FLOAT_MAX else {}
    high = {"le": option.high} if option.high < INT_MAX else {}
    return {**low, **high}


def _form() -> Callable[..., Asked]:
    def asked(**values: Any) -> Asked:  # noqa: ANN401 - each field has its own type
        """Read the form."""
        return _understood(values)

    others = (
        _parameter("offset_n", int, 0, "what is added to the number of a segment (srt)", ge=0, le=INT_MAX),
        _parameter("translate", bool, False, "translate to English"),
        _parameter("diarize", bool, False, "tell the speaker by the louder channel of a stereo recording"),
        _parameter("response_format", ResponseFormat, "json", "of the answer"),
        _parameter(
            "no_language_probabilities",
            bool,
            False,
            "verbose_json without them: it is done sooner by one run of the encoder",
        ),
        _parameter("no_context", bool, True, "always so: no text of another request is remembered"),
        _parameter("debug_mode", bool, False, "nothing: no files are written for a client"),
    )
    parameters = [*(one.parameter() for one in OPTIONS), *others]
    asked.__signature__ = inspect.Signature(parameters, return_annotation=Asked)  # type: ignore[attr-defined]
    return asked


asked = _form()


def _understood(values: dict[str, Any]) -> Asked:
    """As whisper-server understands its fields."""
    options: dict[str, Any] = {}
    for field in OPTIONS:
        name, _, part = field.option.partition(".")
        if part:
            options.setdefault(name, {})[part] = values[field.name]
        else:
            options[name] = values[field.name]
    if options["n_max_text_ctx"] < 0:
        del options["n_max_text_ctx"]
    if options["token_timestamps"] is None:
        options["token_timestamps"] = not options["no_timestamps"]
    non_speech = options.pop("suppress_non_speech_tokens")
    if options["suppress_nst"] is None:
        options["suppress_nst"] = non_speech
    if options["beam_search"]["beam_size"] > 1:
        options["strategy"] = "beam_search"
    else:
        del options["beam_search"]
    if options["detect_language"]:
        options["language"] = "auto"
    options["max_len"] = options["max_len"] or LINE
    if values["diarize"]:
        options["diarize"] = True
    return Asked(
        options,
        values["response_format"],
        values["offset_n"],
        values["translate"],
        values["no_language_probabilities"],
    )
