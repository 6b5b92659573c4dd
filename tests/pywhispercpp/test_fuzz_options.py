"""Any option with any value: taken, or refused in an OptionError; what is taken never ends the process."""

from __future__ import annotations

import decimal
import fractions
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from pywhispercpp import Model, PywhispercppError
from pywhispercpp.options import FLOAT_MAX, INT_MAX, OPTIONS, Option
from tests.fuzzing import Child, tries

pytestmark = pytest.mark.fuzz

TENTH = np.zeros(1600, np.float32)


class Hostile:
    """An object whose every answer is an error."""

    def __index__(self) -> int:
        raise RuntimeError("no index")

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __fspath__(self) -> str:
        raise RuntimeError("no path")

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 1, 2**31 - 1, 2**31, -(2**31), 2**63, 10**400]),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Lo"]), max_size=5),
    st.binary(max_size=20),
    st.builds(decimal.Decimal, st.integers()),
    st.fractions(),
    st.builds(np.float32, st.floats(width=32)),
    st.builds(np.int64, st.integers(-(2**63), 2**63 - 1)),
    st.sampled_from(
        [np.bool_(True), np.float64("nan"), np.array(5), np.array([1.5]), np.zeros((2, 2)), np.array("a")]
    ),
    st.sampled_from([Hostile(), object(), int, print, range(9), memoryview(b"ab"), fractions.Fraction(1, 3)]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)


def _any_for(option: Option) -> st.SearchStrategy[Any]:
    """Any value, and, for a dict, any value under the right names."""
    if not option.fields:
        return ANYTHING
    fields = {field.name: ANYTHING for field in option.fields}
    return st.one_of(ANYTHING, st.fixed_dictionaries({}, optional=fields))


@st.composite
def wild(draw: st.DrawFn) -> dict[str, Any]:
    """One to three options with values of any type."""
    chosen = draw(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=3, unique_by=lambda one: one.name))
    return {option.name: draw(_any_for(option)) for option in chosen}


@tries(400)
@given(options=wild())
def test_a_value_of_any_type_is_taken_or_refused(model: Model, options: dict[str, Any]) -> None:
    before = model.get_params()
    try:
        model.transcribe(TENTH, **options)
    except PywhispercppError:
        assert model.get_params() == before
    else:
        model.transcribe(TENTH, **before)


@tries(60)
@given(name=st.text(max_size=12), value=ANYTHING)
def test_any_other_name_is_refused(model: Model, name: str, value: object) -> None:
    if name in {option.name for option in OPTIONS}:
        return
    with pytest.raises((PywhispercppError, TypeError)) as caught:
        model.transcribe(TENTH, **{name: value})  # type: ignore[arg-type]
    if name not in ("media", "diarize"):
        assert isinstance(caught.value, PywhispercppError)


ARGUMENTS = (
    "n_processors",
    "new_segment_callback",
    "abort_callback",
    "extract_probability",
    "progress_callback",
    "encoder_begin_callback",
    "logits_filter_callback",
    "diarize",
)


@tries(100)
@given(name=st.sampled_from(ARGUMENTS), value=ANYTHING)
def test_any_other_argument(model: Model, name: str, value: object) -> None:
    try:
        model.transcribe(TENTH, **{name: value})  # type: ignore[arg-type]
    except PywhispercppError as error:
        note(str(error))


SETTINGS = (
    "model",
    "models_dir",
    "params_sampling_strategy",
    "use_openvino",
    "openvino_model_path",
    "openvino_device",
    "openvino_cache_dir",
    "context_params",
    "cpu_variant",
    "backend",
    "device",
    "precision",
    "dtw",
    "n_sessions",
)


@tries(60)
@given(name=st.sampled_from(SETTINGS), value=st.one_of(ANYTHING, st.text(max_size=400)))
def test_any_setting_of_a_model(name: str, value: object) -> None:
    with pytest.raises(PywhispercppError):  # the settings may be good, the file is not there
        Model(**{"model": "/no/such/model.bin", name: value})  # type: ignore[arg-type]


# --- Values that are taken: what whisper.cpp makes of them -------------------------------------------------

GRAMMARS = (
    'root ::= "yes" | "no"',
    "root ::= [a-z ]+",
    'root ::= " "? word+\nword ::= [A-Za-z]+ [ .,]?',
    'root ::= ""',
    'root ::= a\na ::= b | "x"\nb ::= [^\\x00-\\x40]',
)
SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    # More threads than CPUs wait for each other; a model of English knows no other language.
    "n_threads": st.sampled_from([1, 1, 2, 3]),
    "language": st.sampled_from(["en", "", None, "de", "auto", "haw"]),
    "grammar": st.one_of(st.none(), st.sampled_from(GRAMMARS), st.text(max_size=30)),
    "grammar_rule": st.sampled_from(["root", "word", "a"]),
    "audio_ctx": st.one_of(st.sampled_from([0, 1, 2, 50, 64, 1499, 1500, "auto"]), st.integers(1, 128)),
    "prompt_tokens": st.one_of(st.none(), st.lists(st.integers(0, 51863), max_size=300)),
    "initial_prompt": st.one_of(st.none(), st.text(max_size=200), st.just("word " * 500)),
    "suppress_regex": st.one_of(
        st.sampled_from(["", "a", "[0-9]+", "(", ".*", "^ ?[A-Z]"]), st.text(max_size=10)
    ),
    "debug_mode": st.just(False),  # writes a file of 10 MB
    "vad_model_path": st.one_of(st.none(), st.just("/no/such/file")),
}


def _fitting(option: Option) -> st.SearchStrategy[Any]:
    """Values that the option says it takes."""
    if option.name in SPECIAL:
        return SPECIAL[option.name]
    if option.fields:
        return st.fixed_dictionaries({}, optional={field.name: _fitting(field) for field in option.fields})
    if option.kind is bool:
        return st.booleans()
    if option.words:
        return st.sampled_from([word for word, _ in option.words])
    low, high = option.low, option.high
    if option.kind is int:
        edges = [int(low), int(high), min(int(high), int(low) + 1), 0 if low <= 0 else 1]
        return st.one_of(st.sampled_from(edges), st.integers(int(low), min(int(high), int(low) + 3000)))
    ends = st.sampled_from([max(low, -FLOAT_MAX), min(high, FLOAT_MAX), max(low, 0.0)])
    return st.one_of(ends, st.floats(max(low, -5.0), min(high, 5.0)))


@st.composite
def fitting(draw: st.DrawFn) -> dict[str, Any]:
    """Some options with values that they take."""
    chosen = draw(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=8, unique_by=lambda one: one.name))
    return {option.name: draw(_fitting(option)) for option in chosen}


@pytest.fixture(scope="module")
def child(tiny_en: Path, jfk: Path) -> Iterator[Child]:
    child = Child(str(tiny_en), str(jfk))
    yield child
    child.stop()


def test_the_worker_transcribes(child: Child) -> None:
    how, details = child.ask("transcribe", {"max_tokens": 5, "single_segment": True})
    assert how == "result" and details.startswith("1 segments")


@tries(20)
@given(options=fitting())
def test_values_that_fit_never_end_the_process(child: Child, options: dict[str, Any]) -> None:
    child.ask("transcribe", options)


def test_the_limits_of_the_options_are_those_of_the_struct() -> None:
    assert all(option.high <= INT_MAX for option in OPTIONS if option.kind is int)
