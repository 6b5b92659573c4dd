"""The tokens of real models, against what whisper.cpp makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import pywhispercpp
from pywhispercpp.errors import OptionError
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.vocabulary import Vocabulary


def vocabulary(path: Path) -> Vocabulary:
    with GgmlTensors(path) as tensors:
        return Vocabulary(tensors.header, tensors.words())


@pytest.fixture(scope="module")
def english(tiny_en: Path) -> Vocabulary:
    return vocabulary(tiny_en)


@pytest.fixture(scope="module")
def all_languages(base: Path) -> Vocabulary:
    return vocabulary(base)


def test_text_is_what_whisper_cpp_makes_of_the_tokens(
    model: pywhispercpp.Model, english: Vocabulary, jfk: Path
) -> None:
    segments = model.transcribe(jfk)
    for segment in segments:
        assert english.text(token.id for token in segment.tokens).strip() == segment.text.strip()
    assert len(segments) > 0


def test_special_tokens(english: Vocabulary, all_languages: Vocabulary) -> None:
    # whisper.cpp's: `whisper_token_*`; OpenAI's tokenizers have the same.
    assert (english.eot, english.sot, english.languages) == (50256, 50257, 0)
    assert (english.translate, english.no_timestamps, english.timestamps) == (50357, 50362, 50363)
    assert (all_languages.eot, all_languages.sot, all_languages.languages) == (50257, 50258, 99)
    assert (all_languages.translate, all_languages.transcribe) == (50358, 50359)
    assert (all_languages.previous, all_languages.no_speech) == (50361, 50362)
    assert (all_languages.no_timestamps, all_languages.timestamps) == (50363, 50364)
    v3 = replace(all_languages, header=replace(all_languages.header, n_vocab=51866))
    assert (v3.languages, v3.translate, v3.timestamps) == (100, 50359, 50365)


def test_prompts(english: Vocabulary, all_languages: Vocabulary) -> None:
    assert english.prompt() == english.prompt("en") == [50257, 50362]
    assert all_languages.prompt("de") == all_languages.prompt("german") == [50258, 50261, 50359, 50363]
    assert all_languages.prompt("fr", "translate") == [50258, 50265, 50358, 50363]
    assert all_languages.prompt()[1] == all_languages.language("en") == 50259


@pytest.mark.parametrize("asked", [("de", "transcribe"), ("en", "translate"), ("xx", "transcribe")])
def test_an_english_model_refuses_the_rest(english: Vocabulary, asked: tuple[str, str]) -> None:
    with pytest.raises(OptionError, match=r"this model writes English only"):
        english.prompt(*asked)


def test_what_nobody_speaks_is_refused(all_languages: Vocabulary) -> None:
    with pytest.raises(OptionError, match=r"language='klingon': the model knows 99 languages, not this one"):
        all_languages.prompt("klingon")
    with pytest.raises(OptionError, match=r"task='sing': one of transcribe, translate"):
        all_languages.prompt("en", "sing")


def test_suppressed(english: Vocabulary) -> None:
    never = english.suppressed()
    assert english.eot not in never and 0 not in never
    assert {english.sot, english.translate, english.no_timestamps, 51863} <= set(never)
    assert english.suppressed_first() == [220, 50256]


def test_broken_letters_and_special_tokens(all_languages: Vocabulary) -> None:
    half = next(i for i, word in enumerate(all_languages.words) if word == b"\xe4\xbd")
    assert all_languages.text([half, all_languages.sot, 10**9, -1]) == "\ufffd"
