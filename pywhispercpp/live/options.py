"""The options of a stream: names, defaults and meaning once, for Python and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import OptionError
from pywhispercpp.options import BY_NAME, Option

LIVE_OPTIONS: tuple[Option, ...] = (
    Option(
        "step_ms",
        int,
        1000,
        "show unfinished text after this much more speech, in ms; 0 for never",
        0,
        30_000,
    ),
    Option("length_ms", int, 10_000, "hear at most this much speech at once, in ms", 1000, 30_000),
    Option("keep_ms", int, 200, "hear this much again where speech is cut without a pause, in ms", 0, 1000),
    Option("max_lag_s", float, 60.0, "drop audio when this many seconds of it wait", 1, 3600),
)
# An utterance needs longer pauses around it than the stretches of speech inside one recording.
_DEFAULTS = {"min_speech_duration_ms": 100, "min_silence_duration_ms": 500, "speech_pad_ms": 200}
_ELSEWHERE = {"max_speech_duration_s": "length_ms", "samples_overlap": "keep_ms"}

VAD_OPTIONS: tuple[Option, ...] = tuple(
    replace(field, default=_DEFAULTS.get(field.name, field.default))
    for field in BY_NAME["vad_params"].fields
    if field.name not in _ELSEWHERE
)


@dataclass(frozen=True)
class LiveOptions:
    """Checked options of a stream; lengths are counted in samples."""

    step: int
    length: int
    keep: int
    max_lag: int
    threshold: float
    min_speech: int
    min_silence: int
    pad: int


def checked(given: Mapping[str, Any], vad_params: Mapping[str, Any] | None = None) -> LiveOptions:
    """Return the options of a stream, with defaults for what is left out; raise OptionError for a bad one."""
    known = {option.name: option for option in LIVE_OPTIONS}
    values: dict[str, Any] = {
        name: option.check(given.get(name, option.default)) for name, option in known.items()
    }
    values.update(_voice(vad_params))
    if 0 < values["step_ms"] < 100:
        raise OptionError(f"step_ms={values['step_ms']}: 0 or at least 100")
    return LiveOptions(
        step=_samples(values["step_ms"]),
        length=_samples(values["length_ms"]),
        keep=_samples(values["keep_ms"]),
        max_lag=_samples(1000 * values["max_lag_s"]),
        threshold=values["threshold"],
        min_speech=_samples(values["min_speech_duration_ms"]),
        min_silence=_samples(values["min_silence_duration_ms"]),
        pad=_samples(values["speech_pad_ms"]),
    )


def _voice(given: Mapping[str, Any] | None) -> dict[str, Any]:
    for name, instead in _ELSEWHERE.items():
        if given and name in given:
            raise OptionError(f"vad_params: a stream has no {name}, give {instead}")
    fields = replace(BY_NAME["vad_params"], fields=VAD_OPTIONS)
    values: dict[str, Any] = {field.name: field.default for field in VAD_OPTIONS}
    checked_ones: Any = fields.check(given or {})
    return {**values, **checked_ones}


def _samples(milliseconds: float) -> int:
    return int(milliseconds * SAMPLE_RATE / 1000)
