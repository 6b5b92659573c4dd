"""pywhispercpp 1.5's names, argument order and defaults, written as data, hold here too."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import pywhispercpp.constants
from pywhispercpp import _core
from pywhispercpp.model import Model, Segment
from pywhispercpp.options import OPTIONS, Option

NO = inspect.Parameter.empty
SIGNATURES: dict[str, list[tuple[str, Any]]] = {
    "__init__": [
        ("self", NO),
        ("model", "tiny"),
        ("models_dir", None),
        ("params_sampling_strategy", 0),
        ("redirect_whispercpp_logs_to", False),
        ("use_openvino", False),
        ("openvino_model_path", None),
        ("openvino_device", "CPU"),
        ("openvino_cache_dir", None),
        ("context_params", None),
    ],
    "transcribe": [
        ("self", NO),
        ("media", NO),
        ("n_processors", None),
        ("new_segment_callback", None),
        ("abort_callback", None),
        ("extract_probability", False),
    ],
    "auto_detect_language": [("self", NO), ("media", NO), ("offset_ms", None), ("n_threads", None)],
    "get_params": [("self", NO)],
    "get_params_schema": [],
    "lang_max_id": [],
    "print_timings": [("self", NO)],
    "system_info": [],
    "available_languages": [],
}
# 1.5's documented parameters; n_threads depends on the machine.
PARAMS = {
    "n_threads",
    "n_max_text_ctx",
    "offset_ms",
    "duration_ms",
    "translate",
    "no_context",
    "no_timestamps",
    "single_segment",
    "print_special",
    "print_progress",
    "print_realtime",
    "print_timestamps",
    "token_timestamps",
    "thold_pt",
    "thold_ptsum",
    "max_len",
    "split_on_word",
    "max_tokens",
    "debug_mode",
    "audio_ctx",
    "tdrz_enable",
    "initial_prompt",
    "prompt_tokens",
    "prompt_n_tokens",
    "carry_initial_prompt",
    "language",
    "detect_language",
    "suppress_blank",
    "suppress_non_speech_tokens",
    "suppress_nst",
    "suppress_regex",
    "temperature",
    "max_initial_ts",
    "length_penalty",
    "temperature_inc",
    "entropy_thold",
    "logprob_thold",
    "no_speech_thold",
    "greedy",
    "beam_search",
    "vad",
    "vad_model_path",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_positional_arguments_are_those_of_1_5(name: str) -> None:
    parameters = inspect.signature(getattr(Model, name)).parameters.values()
    positional = [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == SIGNATURES[name]


@pytest.mark.parametrize("name", ["__init__", "transcribe"])
def test_options_are_keywords(name: str) -> None:
    kinds = [p.kind for p in inspect.signature(getattr(Model, name)).parameters.values()]
    assert inspect.Parameter.VAR_KEYWORD in kinds


def test_every_parameter_of_1_5_is_known() -> None:
    schema = Model.get_params_schema()
    assert set(schema) >= PARAMS
    assert schema is pywhispercpp.constants.PARAMS_SCHEMA
    assert all(set(entry) == {"type", "description", "options", "default"} for entry in schema.values())


@pytest.mark.parametrize("option", [o for o in OPTIONS if o.name not in ("n_threads",)], ids=lambda o: o.name)
def test_the_default_is_whisper_cpps(option: Option) -> None:
    field = {"suppress_non_speech_tokens": "suppress_nst"}.get(option.name, option.name)
    assert getattr(_core.Params(0), field) == pytest.approx(option.check(option.default))


def test_no_field_of_whisper_cpp_is_forgotten() -> None:
    methods = {"copy", "set_grammar"}
    fields = {name for name in dir(_core.Params) if not name.startswith("_")} - methods
    fields -= {"audio_ctx_margin", "audio_ctx_least"}  # patch 0024: follow from audio_ctx="auto"
    assert fields == {option.name for option in OPTIONS} - {"suppress_non_speech_tokens"}


def test_segment_is_made_and_shown_as_in_1_5() -> None:
    segment = Segment(10, 250, "hello")
    assert (segment.t0, segment.t1, segment.text) == (10, 250, "hello")
    assert str(segment) == repr(segment) == "t0=10, t1=250, text=hello, probability=nan"


def test_a_copy_of_params_owns_its_strings() -> None:
    first = _core.Params(0)
    first.language, first.prompt_tokens = "de", [1, 2, 3]
    second = first.copy()
    first.language, first.prompt_tokens = "fr", None
    assert (second.language, second.prompt_tokens, second.prompt_n_tokens) == ("de", [1, 2, 3], 3)
