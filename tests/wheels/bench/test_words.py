"""Wrong words are counted as OpenAI counts them."""

from __future__ import annotations

import sys

import pytest

from scripts.errors import BuildError
from wheels.bench import words


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("Press 1 to record your colour.", "press one to record your color"),
        ("Please, hold… while I'm trying!", "please hold while i am trying"),
        ("... users will join ...", "Users will join."),
        ("Mister Dashwood", "Mr. Dashwood"),
    ],
)
def test_spelling_is_no_error(said: str, heard: str) -> None:
    assert words.compare(said, heard).rate == 0


def test_each_kind_of_error_is_counted() -> None:
    wrong = words.compare("ask what we can do", "ask that we can do for all")
    assert (wrong.words, wrong.wrong, wrong.missing, wrong.added) == (5, 1, 0, 2)
    assert wrong.rate == 0.6


def test_counts_add_up() -> None:
    sum_ = words.total([words.compare("a man", "a men"), words.compare("two men ran", "two")])
    assert (sum_.words, sum_.wrong, sum_.missing, sum_.added) == (5, 1, 2, 0)
    assert words.total([]).rate == 0


def test_the_interval_holds_no_difference_where_errors_only_change_places() -> None:
    right, wrong = words.compare("a man ran", "a man ran"), words.compare("a man ran", "a men ran")
    low, high = words.interval([right, wrong] * 20, [wrong, right] * 20)
    assert low < 0 < high
    low, high = words.interval([right, right] * 20, [wrong, wrong] * 20)
    assert low == high == pytest.approx(1 / 3)
    low, high = words.interval([right] * 40, [right, wrong] * 20)
    assert 0 < low < 1 / 6 < high < 1 / 3


def test_without_jiwer_the_message_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jiwer", None)
    with pytest.raises(BuildError, match="jiwer, which is not here; run: nox -s bench"):
        words.compare("a", "b")
