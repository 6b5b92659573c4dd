"""Every option is checked first: whisper.cpp would assert, loop for ever or read past its memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pywhispercpp import Model, ModelError, OptionError
from pywhispercpp.vad_file import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAN = float("nan")
BAD: dict[str, tuple[object, ...]] = {
    "n_threads": (0, 513, -1, True, 1.5, "2", None, NAN, 2**40),
    "language": ("xx", 5, "e\0n", "\ud800", b"en"),
    "temperature": (NAN, 1.1, -0.1, "a", 10**400, 10**5000, float("inf")),
    "temperature_inc": (2.0, -1.0),
    "max_initial_ts": (31, 1e30, NAN),
    "beam_search": ({"beam_size": 9}, {"size": 1}, 3, {"patience": NAN}),
    "greedy": ({"best_of": 9}, {"best_of": 1.5}, []),
    "offset_ms": (-1, 2**31),
    "duration_ms": (-1, 2**31),
    "prompt_tokens": ("12", 3, [-1], [1.5], [2**31], range(65537)),
    "initial_prompt": (5, "a\0b", "\udcff"),
    "suppress_regex": (7, "(" * 1001),
    "translate": (2, "yes", None),
    "vad_params": ({"threshold": 2}, {"speech_pad_ms": 10**6}, {"samples_overlap": NAN}),
    "vad_model_path": (3, "a\0b"),
    "thold_pt": (2,),
    "audio_ctx": (-1,),
    "n_max_text_ctx": (-2,),
    "length_penalty": (NAN,),
    "no_such_option": (1,),
}
CASES = [pytest.param(name, value, id=f"{name}-{i}") for name in BAD for i, value in enumerate(BAD[name])]
TENTH = np.zeros(1600, np.float32)


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_bad_value_names_its_option(model: Model, name: str, value: object) -> None:
    before = model.get_params()
    with pytest.raises(OptionError, match=name) as caught:
        model.transcribe(TENTH, **{name: value})  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert model.get_params() == before


def test_one_bad_option_of_several_changes_none(model: Model) -> None:
    with pytest.raises(OptionError, match="max_len"):
        model.transcribe(TENTH, offset_ms=77, max_len=-1)
    assert model.get_params()["offset_ms"] == 0


def test_a_misspelt_option_is_recognised(model: Model) -> None:
    with pytest.raises(OptionError, match="Did you mean n_threads"):
        model.transcribe(TENTH, nthreads=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"audio_ctx": 1501}, "1500"),
        ({"prompt_tokens": [51864]}, "51864"),
        ({"temperature_inc": 1e-9}, "temperature_inc"),
        ({"carry_initial_prompt": True, "n_max_text_ctx": 1}, "224"),
        ({"detect_language": True}, "English only"),
        ({"suppress_regex": "("}, "suppress_regex"),
        ({"suppress_regex": "(a{1000}){1000}"}, "suppress_regex"),
        ({"vad": True, "vad_model_path": "/no/such/file"}, "/no/such/file"),
    ],
)
def test_a_value_this_model_cannot_take(
    own_model: Model, speech: NDArray[np.float32], options: dict[str, Any], message: str
) -> None:
    with pytest.raises((OptionError, ModelError), match=message):
        own_model.transcribe(speech[:16000], **options)
    assert own_model.transcribe(TENTH) == []  # nothing of it stays


def test_beam_search_needs_a_beam(own_model: Model) -> None:
    with pytest.raises(OptionError, match="beam_size"):
        own_model.transcribe(TENTH, strategy="beam_search", beam_search={"beam_size": 0})


def test_the_strategy_may_change_from_call_to_call(own_model: Model) -> None:
    assert own_model.get_params()["strategy"] == "greedy"
    own_model.transcribe(TENTH, strategy="beam_search")
    assert own_model.get_params()["strategy"] == "beam_search"


def test_options_stay_for_later_calls(own_model: Model) -> None:
    own_model.transcribe(TENTH, language="German", greedy={"best_of": 2}, prompt_tokens=(1, 2, 3))
    params = own_model.get_params()
    assert (params["language"], params["greedy"]) == ("de", {"best_of": 2})
    assert (params["prompt_tokens"], params["prompt_n_tokens"]) == ([1, 2, 3], 3)


@pytest.mark.parametrize("language", [None, "", "auto", " AUTO "])
def test_detection_can_be_asked_for_in_every_way_of_1_5(own_model: Model, language: str | None) -> None:
    own_model.transcribe(TENTH, language=language)
    assert own_model.get_params()["language"] == ""


def test_the_older_name_of_suppress_nst(tiny_en: Path) -> None:
    assert Model(tiny_en, suppress_non_speech_tokens=True).get_params()["suppress_nst"] is True


@pytest.mark.parametrize(
    "context",
    [
        {"use_cpu": True},
        [],
        {"gpu_device": -1},
        {"dtw_token_timestamps": True, "flash_attn": True},
        {"dtw_token_timestamps": True, "dtw_n_top": 5},
    ],
)
def test_bad_context_params(tiny_en: Path, context: object) -> None:
    with pytest.raises(OptionError, match=r"context_params|gpu_device|flash_attn|dtw_n_top"):
        Model(tiny_en, context_params=context)  # type: ignore[arg-type]


@pytest.mark.parametrize("processors", [-1, 65, 1.5, "2", True])
def test_bad_n_processors(model: Model, processors: object) -> None:
    with pytest.raises(OptionError, match="n_processors"):
        model.transcribe(TENTH, processors)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["new_segment_callback", "abort_callback", "progress_callback"])
def test_a_callback_must_be_callable(model: Model, name: str) -> None:
    with pytest.raises(OptionError, match=name):
        model.transcribe(TENTH, **{name: 5})  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 3, 40, 100])
def test_a_vad_model_that_is_none(tmp_path: Path, tiny_en: Path, size: int) -> None:
    cut = tmp_path / "vad.bin"
    cut.write_bytes(tiny_en.read_bytes()[:size])
    with pytest.raises(ModelError, match="no Silero VAD model"):
        check(cut)


def test_a_whisper_model_is_no_vad_model(tmp_path: Path, tiny_en: Path) -> None:
    copy = tmp_path / "vad.bin"
    shutil.copy(tiny_en, copy)
    with pytest.raises(ModelError, match="no Silero VAD model"):
        check(copy)
