"""The faster ways of computing err no more than the plain ones, measured by plain numpy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pywhispercpp import Model, _core, audio
from pywhispercpp.evaluate.dataset import SHIPPED
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests.reference_decoder import decode
from tests.reference_encoder import encode, relative_error
from tests.reference_mel import log_mel
from tests.small_model import HEADER, header_bytes, write

Array = NDArray[np.float32]
PROMPT = [50257, 50362]  # tiny.en's <|startoftranscript|><|notimestamps|>


@pytest.fixture(scope="module")
def filters(tiny_en: Path) -> Array:
    with GgmlTensors(tiny_en) as tensors:
        return tensors.mel_filters()


@pytest.fixture(scope="module")
def small_f32(tmp_path_factory: pytest.TempPathFactory, filters: Array) -> Path:
    """A small network in f32, which rounds little, with real filters."""
    path = write(tmp_path_factory.mktemp("f32") / "ggml-f32.bin", ftype=0)
    with path.open("r+b") as file:
        file.seek(len(header_bytes(HEADER)) + 8)
        file.write(filters.tobytes())
    return path


def loaded(path: Path, optimize: str) -> Model:
    return Model(path, n_threads=1, backend="ggml", optimize=optimize)


def with_and_without(path: Path, name: str) -> tuple[Model, Model]:
    return loaded(path, "all"), loaded(path, f"all,-{name}")


def sounds(speech: Array) -> dict[str, Array]:
    """Speech, a tone a hundred thousand times louder than what else there is, and odd lengths."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(80_000).astype(np.float32)
    tone = np.sin(2 * np.pi * 1000 / 16000 * np.arange(noise.size)).astype(np.float32)
    return {
        "speech": speech,
        "tone": tone + noise / 100_000,
        "odd": speech[:64_037],
        "short": speech[8000:9650],
    }


@pytest.mark.parametrize("name", ["speech", "tone", "odd", "short"])
def test_the_spectrogram_errs_no_more(small_f32: Path, filters: Array, speech: Array, name: str) -> None:
    """Patch 0017: seen through an encoder in f32, which gets the reference's spectrogram too."""
    samples = sounds(speech)[name]
    mel = np.ascontiguousarray(log_mel(samples, filters)[:, :3000])
    fast, plain = (
        relative_error(model.encode(samples, n_threads=n), _core.encode(model._ctx, mel, 1500, 1))
        for n, model in enumerate(with_and_without(small_f32, "mel"), 1)
    )
    assert fast < 1.2 * plain
    assert fast < 3e-6


def test_gelu_errs_less(small_f32: Path, filters: Array, speech: Array) -> None:
    """Patch 0022: a table of f16 is the largest error that there is in f32."""
    mel = np.ascontiguousarray(log_mel(speech, filters)[:, :3000])
    with GgmlTensors(small_f32) as tensors:
        expected = encode(tensors.header, tensors, mel, 1500)
    fast, plain = (
        relative_error(_core.encode(model._ctx, mel, 1500, 1), expected)
        for model in with_and_without(small_f32, "gelu")
    )
    assert fast < 0.7 * plain


@pytest.mark.parametrize("name", ["gelu", "tiles"])
def test_the_encoder_errs_no_more(tiny_en: Path, filters: Array, speech: Array, name: str) -> None:
    mel = np.ascontiguousarray(log_mel(speech, filters)[:, :1536])
    with GgmlTensors(tiny_en) as tensors:
        expected = encode(tensors.header, tensors, mel, 768)
    found = [_core.encode(model._ctx, mel, 768, 1) for model in with_and_without(tiny_en, name)]
    assert not np.array_equal(found[0], found[1])
    fast, plain = (relative_error(one, expected) for one in found)
    assert fast < 1.05 * plain


def logit_errors(path: Path, optimize: str, samples: Array) -> tuple[list[float], list[float]]:
    """How far logits, and the logarithms of the chosen tokens' probabilities, are from the reference's.

    The reference goes on from the same features: what the encoder errs is no part of it.
    """
    model = loaded(path, optimize)
    seen: list[tuple[Array, list[int]]] = []
    features = model.encode(samples, audio_ctx="auto")
    segments = model.transcribe(
        samples,
        strategy="greedy",
        no_timestamps=True,
        single_segment=True,
        temperature_inc=0.0,
        audio_ctx="auto",
        logits_filter_callback=lambda logits, tokens: seen.append((logits.copy(), list(tokens))),
    )
    with GgmlTensors(path) as tensors:
        expected = decode(tensors.header, tensors, features, PROMPT + seen[-1][1])[1:]
    errors, plogs = [], []
    tokens = [token for segment in segments for token in segment.tokens]
    for (logits, _), right, token in zip(seen, expected, tokens):
        allowed = np.isfinite(logits)
        errors.append(relative_error(logits[allowed], right[allowed]))
        plogs.append(token.plog - float(right[token.id] - np.logaddexp.reduce(right[allowed].astype(float))))
    return errors, plogs


@lru_cache
def rms(path: Path, optimize: str) -> tuple[float, float]:
    """Of some recordings together."""
    both = [
        logit_errors(path, optimize, audio.load(SHIPPED / f"{name}.opus"))
        for name in ("captain", "invoice", "garden")
    ]
    errors, plogs = (np.concatenate(part) for part in zip(*both))
    return float(np.sqrt(np.mean(errors**2))), float(np.sqrt(np.mean(plogs**2)))


def test_attention_of_one_query_errs_less(tiny_en: Path) -> None:
    """Patch 0020: the sums of values were rounded to f16 with every key."""
    fast, plain = (rms(tiny_en, how)[0] for how in ("all,-logits", "all,-logits,-attention"))
    assert fast < 0.6 * plain


def test_products_of_one_token_err_no_more(tiny_en: Path) -> None:
    """Patch 0018: other sums of the same numbers."""
    fast, plain = (rms(tiny_en, how)[0] for how in ("all,-logits", "all,-logits,-gemv"))
    assert fast != plain
    assert fast < 1.1 * plain


def test_probabilities_err_no_more(tiny_en: Path) -> None:
    """Patch 0019 makes logits of words less precise, 0020 more: all in all probabilities are as they were."""
    fast, plain = (rms(tiny_en, how)[1] for how in ("all", "none"))
    assert fast < 1.05 * plain
    assert fast < 0.02


def test_what_changes_nothing_changes_nothing(tiny_en: Path, speech: Array) -> None:
    """Patch 0021 lays keys and values in another order, 0015 leaves out what nobody reads."""
    without = [loaded(tiny_en, f"all{minus}") for minus in ("", ",-cross", ",-prompt")]
    plogs = [
        [t.plog for s in model.transcribe(speech, audio_ctx="auto") for t in s.tokens] for model in without
    ]
    assert plogs[1] == plogs[0]
    np.testing.assert_allclose(plogs[2], plogs[0], rtol=0, atol=1e-5)


def test_sampling_sums_all_that_there_is(tiny_en: Path, speech: Array) -> None:
    """Patch 0016: one f32 sum of 51864 terms, one after the other, loses the smallest."""
    errors = []
    for how in ("all,-logits", "all,-logits,-sampling"):
        seen: list[Array] = []

        def keep(logits: Array, _: list[int], seen: list[Array] = seen) -> None:
            seen.append(logits.copy())

        segments = loaded(tiny_en, how).transcribe(
            speech,
            no_timestamps=True,
            temperature_inc=0.0,
            audio_ctx="auto",
            logits_filter_callback=keep,
        )
        tokens = [token for segment in segments for token in segment.tokens]
        errors.append(max(abs(t.plog - (x[t.id] - _log_sum(x))) for t, x in zip(tokens, seen)))
    assert errors[0] < 5e-5 < 2e-4 < errors[1]


def _log_sum(logits: Array) -> float:
    return float(np.logaddexp.reduce(logits[np.isfinite(logits)].astype(float)))
