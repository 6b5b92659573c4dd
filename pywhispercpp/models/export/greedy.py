"""Greedy decoding over any decoder: the likeliest token after the likeliest token."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.vocabulary import Vocabulary

__all__ = ["decode"]

NO_SPEECH = 0.6  # as in whisper.cpp: nobody speaks when that is likely, and the text is not
DOUBTFUL = -1.0  # mean logarithm of the tokens' probabilities

Logits = Callable[[Sequence[int]], Array]


def decode(logits: Logits, vocabulary: Vocabulary, prompt: Sequence[int], most: int) -> list[int]:
    """Return the text's tokens, at most so many, without the end; none where nobody seems to speak.

    logits: gives those (tokens given, n_vocab) of the tokens that follow what it was given before.
    """
    given = logits(prompt)
    silent = float(np.exp(_log_softmax(given[0])[vocabulary.no_speech]))
    last, tokens, certainty = given[-1], list[int](), 0.0
    never = vocabulary.suppressed()
    while len(tokens) < most:
        last = _without(last, never if tokens else [*never, *vocabulary.suppressed_first()])
        token = int(last.argmax())
        certainty += float(_log_softmax(last)[token])
        if token == vocabulary.eot:
            break
        tokens.append(token)
        if len(tokens) < most:
            last = logits([token])[-1]
    doubtful = certainty / (len(tokens) + 1) < DOUBTFUL
    return [] if silent > NO_SPEECH and doubtful else tokens


def _without(logits: Array, tokens: Sequence[int]) -> Array:
    kept = logits.copy()
    kept[tokens] = -np.inf
    return kept


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max()
    result: Array = shifted - np.log(np.exp(shifted).sum())
    return result
