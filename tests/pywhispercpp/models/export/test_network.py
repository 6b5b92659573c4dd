"""The one description of Whisper's networks, computed in numpy, against references written from the paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp.models.export import network
from tests import reference_decoder
from tests.heard import CONTEXT, Heard
from tests.numpy_emitter import NumpyEmitter
from tests.reference_encoder import Array, relative_error


@pytest.fixture(scope="module")
def heard(tiny_en: Path, jfk: Path) -> Iterator[Heard]:
    heard = Heard(tiny_en, jfk)
    with heard.file:
        yield heard


def test_encoder(heard: Heard) -> None:
    emitter = NumpyEmitter(mel=heard.mel[None])
    mel = emitter.input("mel", network.mel_shape(heard.file.header, CONTEXT))
    found = network.encoder(heard.file, emitter, mel)
    assert relative_error(found[0], heard.features) < 1e-5


def test_decoder_at_once_and_token_by_token(heard: Heard) -> None:
    tokens = [*heard.words.prompt(), 843, 523, 616]
    expected = heard.decoded(tokens)
    emitter = NumpyEmitter()
    attended = network.cross_attended(heard.file, emitter, heard.features[None])
    assert attended[0].key.shape == network.head_shape(heard.file.header, CONTEXT)

    def logits(now: list[int]) -> Array:
        x = network.embedded(heard.file, emitter, np.array([now]))
        found: Array = network.decoder(heard.file, emitter, x, attended)[0]
        emitter.past += len(now)
        return found

    found = np.concatenate([logits(tokens[:2]), logits(tokens[2:3]), logits(tokens[3:])])
    assert relative_error(found, expected) < 1e-5


def test_log_mel(heard: Heard) -> None:
    emitter = NumpyEmitter()
    samples, count = heard.samples[None, None], len(heard.samples)
    found = network.log_mel(heard.file.mel_filters(), emitter, samples, count)[0]
    assert found.shape == heard.mel.shape == (80, 2 * CONTEXT)
    # What is 70 dB below the loudest is noise of rounding in float32.
    assert np.abs(found - heard.mel).max() < 2e-3
    assert relative_error(found, heard.mel) < 1e-4


def test_the_likeliest_tokens_are_what_was_said(heard: Heard) -> None:
    header, never = heard.file.header, heard.words.suppressed()
    prompt = heard.words.prompt()
    found = reference_decoder.greedy(header, heard.tensors, heard.features, prompt, never, 40)
    assert heard.words.text(found) == (
        " And so my fellow Americans ask not what your country can do for you ask what you can do for your"
        " country."
    )
