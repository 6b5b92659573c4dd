"""Greedy decoding: which tokens are taken, where it ends, and when nobody speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pywhispercpp.models.export import greedy
from pywhispercpp.models.vocabulary import Vocabulary
from tests.reference_encoder import Array
from tests.small_model import HEADER

WORDS = Vocabulary(HEADER, [b" ", *(b" word" for _ in range(50256))])


class Script:
    """A decoder that wants these tokens one after the other, so much more than all others."""

    def __init__(self, wanted: list[list[int]], certainty: float = 30.0, silence: float = 0.0) -> None:
        self.wanted = list(wanted)
        self.certainty = certainty
        self.silence = silence
        self.given: list[list[int]] = []

    def __call__(self, tokens: Sequence[int]) -> Array:
        self.given.append(list(tokens))
        logits = np.zeros((len(tokens), HEADER.n_vocab), np.float32)
        logits[0, WORDS.no_speech] = self.silence
        wanted = self.wanted.pop(0)
        logits[-1, wanted] = self.certainty + np.arange(len(wanted))[::-1]  # the first is the likeliest
        return logits


def test_each_token_is_given_back_until_the_end() -> None:
    script = Script([[7], [8], [WORDS.eot]])
    assert greedy.decode(script, WORDS, WORDS.prompt(), 10) == [7, 8]
    assert script.given == [WORDS.prompt(), [7], [8]]


def test_not_more_than_asked_for() -> None:
    assert greedy.decode(Script([[7], [8]]), WORDS, WORDS.prompt(), 2) == [7, 8]


def test_what_never_follows() -> None:
    """No blank and no end first; no special token ever."""
    script = Script([[0, WORDS.eot, 7], [WORDS.timestamps, WORDS.sot, 0], [WORDS.eot]])
    assert greedy.decode(script, WORDS, WORDS.prompt(), 10) == [7, 0]


@pytest.mark.parametrize(
    ("certainty", "silence", "expected"), [(1.0, 30.0, []), (30.0, 30.0, [7]), (1.0, 0.0, [7])]
)
def test_nobody_speaks_where_that_is_likely_and_the_text_is_not(
    certainty: float, silence: float, expected: list[int]
) -> None:
    script = Script([[7], [WORDS.eot]], certainty, silence)
    assert greedy.decode(script, WORDS, WORDS.prompt(), 10) == expected
