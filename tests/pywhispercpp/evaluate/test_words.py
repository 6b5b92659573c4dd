"""Counting: OpenAI's rules for English, the basic ones elsewhere, letters where there are no blanks."""

from __future__ import annotations

import pytest

pytest.importorskip("jiwer")
pytest.importorskip("whisper_normalizer")

from pywhispercpp.evaluate.words import NONE, Errors, compare, normal, total


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mister Brown paid twenty dollars.", "mr brown paid $20"),
        ("The colour, um, is grey ...", "the color is gray"),
        ("It won't; we're late…", "it will not we are late"),
    ],
)
def test_english_that_is_the_same(one: str, other: str) -> None:
    assert compare(one, other).wer == 0


def test_other_languages_lose_case_and_marks_alone() -> None:
    assert normal("Zwanzig Euro, bitte!", "de") == "zwanzig euro bitte"
    assert compare("zwanzig Euro", "20 Euro", "de").wrong == 1
    assert compare("twenty euro", "20 euro", "en").wrong == 0


def test_letters_are_the_words_of_unspaced_scripts() -> None:
    errors = compare("今天天气很好", "今天天氣好", "zh")
    assert (errors.words, errors.wrong, errors.missing, errors.added) == (6, 1, 1, 0)
    assert errors.wer == pytest.approx(2 / 6)


def test_every_kind_of_error_is_counted() -> None:
    errors = compare("my cat sat quietly on the mat", "my dog sat on the red mat")
    assert (errors.words, errors.wrong, errors.missing, errors.added) == (7, 1, 1, 1)
    assert errors.wer == pytest.approx(3 / 7)
    assert 0 < errors.cer < 1


def test_silence_has_no_words() -> None:
    assert compare("...", "thank you") == Errors(0, 0, 0, 2, 0, 9)
    assert compare("thank you", "").missing == 2
    assert compare("", "") == NONE
    assert (NONE.wer, NONE.cer) == (0, 0)


def test_rates_of_a_sum_weigh_words_alike() -> None:
    short, long = compare("no", "yes"), compare("one two three four five six seven eight nine", "one two")
    assert total([short, long]).wer == (1 + long.missing + long.wrong) / (1 + long.words)
