"""ggml file -> TFLite: each part against the numpy references, as its interpreter runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from pywhispercpp import Model, audio
from pywhispercpp.models.export import export_tflite
from pywhispercpp.models.export.tflite.metadata import Metadata
from pywhispercpp.models.export.tflite.runner import Runner
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.hashes import digest
from tests.heard import CONTEXT, Heard
from tests.reference_encoder import relative_error
from tests.small_model import write

Array = NDArray[np.float32]

SECONDS = 11.0
WITH_XNNPACK = OpResolverType.AUTO  # what an interpreter takes by itself
PLAIN = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
TEXT = (
    "And so my fellow Americans ask not what your country can do for you"
    " ask what you can do for your country."
)


def runner(path: Path, kernels: OpResolverType = WITH_XNNPACK) -> Any:  # noqa: ANN401 - no types
    interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kernels)
    return interpreter.get_signature_runner()


def export(model: Path, part: str, weights: str, output: Path) -> Path:
    """Of SECONDS of sound."""
    float16, int8 = weights == "float16", weights == "int8"
    return export_tflite(model, part, float16=float16, int8=int8, audio_seconds=SECONDS, output=output)


class Greedy(Heard):
    """tiny.en, jfk.wav, and what the references make of them, token by token."""

    def logits(self, said: list[int]) -> Array:
        """Of what follows each of the tokens, without what must not follow."""
        logits = self.decoded(said)
        logits[:, self.words.suppressed()] = -np.inf
        logits[len(self.words.prompt()) - 1, self.words.suppressed_first()] = -np.inf
        return logits

    def scores(self, tokens: NDArray[np.int32]) -> tuple[float, float]:
        """Probability that nobody speaks, and the mean logarithm of the text's tokens, the end included."""
        (found,) = tokens.tolist()
        said, start = found[: found.index(self.words.eot)], self.words.prompt()
        first = self.decoded(start[:1])[0]
        shares = np.exp(first - first.max())
        logits = self.logits(said)[len(start) - 1 :]
        certain = (
            logits.max(-1) - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1)) - logits.max(-1)
        )
        return float(shares[self.words.no_speech] / shares.sum()), float(certain.mean())

    def require_greedy(self, tokens: NDArray[np.int32], most: int = 224) -> None:
        """Each token is the likeliest after those before it, says the reference; the end is repeated."""
        (found,) = tokens.tolist()
        prompt, eot = self.words.prompt(), self.words.eot
        said = found[: found.index(eot)] if eot in found else found[:-1]
        likeliest = self.logits(said)[len(prompt) - 1 :].argmax(-1).tolist()
        assert found[: len(said) + 1] == [*prompt, *likeliest]
        assert found[len(said) + 1 :] == [eot] * (most - len(said) - 1)


@pytest.fixture(scope="module")
def heard(tiny_en: Path, jfk: Path) -> Iterator[Greedy]:
    heard = Greedy(tiny_en, jfk)
    with heard.file:
        yield heard


@pytest.fixture(scope="module")
def generator(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound to tokens: every stage."""
    output = tmp_path_factory.mktemp("tflite") / "generator.tflite"
    return export_tflite(tiny_en, "generator", audio_seconds=SECONDS, output=output)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ggml-small.bin")


@pytest.mark.parametrize("kernels", [WITH_XNNPACK, PLAIN])
def test_features(heard: Greedy, tmp_path: Path, kernels: OpResolverType) -> None:
    """A true transform of 400 points: 3.1e-7 where it was measured."""
    path = export_tflite(heard.path, "features", audio_seconds=SECONDS, output=tmp_path / "x.tflite")
    found = runner(path, kernels)(normalized_audio=heard.samples[None])["input_features"]
    assert found.shape == (1, 80, 2 * CONTEXT)
    assert relative_error(found[0], heard.mel) < 1e-6
    assert np.abs(found[0] - heard.mel).max() < 1e-4


@pytest.mark.parametrize("weights", ["float32", "float16"])
def test_encoder(heard: Greedy, tmp_path: Path, weights: str) -> None:
    """OpenAI's weights are float16, so that it loses nothing: 2.9e-6 with XNNPACK, 1.2e-6 without."""
    output = export(heard.path, "encoder", weights, tmp_path / "x.tflite")
    for kernels in (WITH_XNNPACK, PLAIN):
        found = runner(output, kernels)(input_features=heard.mel[None])["last_hidden_states"]
        assert relative_error(found[0], heard.features) < 1e-5
    assert output.stat().st_size < (17e6 if weights == "float16" else 32e6)


def test_pcm_encoder_in_int8(heard: Greedy, tmp_path: Path) -> None:
    """0.033 where it was measured: activations are rounded as well."""
    output = tmp_path / "x.tflite"
    export_tflite(heard.path, "pcm-encoder", int8=True, audio_seconds=SECONDS, output=output)
    found = runner(output)(normalized_audio=heard.samples[None])["last_hidden_states"]
    assert 0.005 < relative_error(found[0], heard.features) < 0.05
    assert output.stat().st_size < 11e6


def test_decoder(heard: Greedy, tmp_path: Path) -> None:
    """XNNPACK takes over what is in the loop as well."""
    path = export_tflite(heard.path, "decoder", audio_seconds=SECONDS, output=tmp_path / "x.tflite")
    given = runner(path)(encoder_hidden_states=heard.features[None])
    found = given["tokens"]
    plain = runner(path, PLAIN)(encoder_hidden_states=heard.features[None])["tokens"]
    np.testing.assert_array_equal(found, plain)
    heard.require_greedy(found)
    silence, certainty = heard.scores(found)
    assert given["no_speech"] == pytest.approx([silence], rel=1e-3)
    assert given["certainty"] == pytest.approx([certainty], rel=1e-3)
    assert found.dtype == np.int32
    assert heard.words.text(found[0]).strip() == TEXT


def test_sound_to_tokens_again_and_again(heard: Greedy, generator: Path) -> None:
    """Nothing of one call is left in the next; noise between them is no trouble."""
    run = runner(generator)
    first = run(normalized_audio=heard.samples[None])["tokens"]
    heard.require_greedy(first)
    noise = np.random.default_rng(1).uniform(-1, 1, (1, CONTEXT * 320)).astype(np.float32)
    assert not np.array_equal(run(normalized_audio=noise)["tokens"], first)
    np.testing.assert_array_equal(run(normalized_audio=heard.samples[None])["tokens"], first)


def test_silence(generator: Path) -> None:
    """Whisper may say something, but numbers stay numbers, and one of them tells that nobody speaks."""
    found = runner(generator)(normalized_audio=np.zeros((1, CONTEXT * 320), np.float32))
    tokens = found["tokens"]
    assert found["no_speech"][0] > 0.9  # 0.05 for jfk.wav
    assert tokens.shape == (1, 224) and tokens.min() >= 0 and tokens[0, -1] == 50256


def test_noise_is_no_text(generator: Path) -> None:
    """By whisper.cpp's rule: nobody seems to speak, and the text is doubtful ("(wind)")."""
    noise = np.random.default_rng(1).uniform(-1, 1, CONTEXT * 320).astype(np.float32)
    assert Runner(generator, threads=1).transcribe(noise) == ""


def test_text(heard: Greedy, generator: Path) -> None:
    found = Runner(generator, threads=1)
    assert found.audio_seconds == SECONDS
    assert found.transcribe(heard.samples) == found.transcribe(heard.samples, "en") == TEXT


@pytest.mark.parametrize("weights", ["float16", "int8"])
def test_smaller_weights_give_the_same_text(heard: Greedy, tmp_path: Path, weights: str) -> None:
    path = export(heard.path, "encoder-decoder", weights, tmp_path / "x.tflite")
    assert Runner(path, threads=1).transcribe(heard.samples) == TEXT
    assert path.stat().st_size < (42e6 if weights == "int8" else 77e6)


def test_it_stops_at_the_most_tokens(heard: Greedy, tmp_path: Path) -> None:
    path = export_tflite(heard.path, audio_seconds=SECONDS, max_tokens=9, output=tmp_path / "x.tflite")
    found = runner(path)(input_features=heard.mel[None])["tokens"]
    heard.require_greedy(found, 9)
    assert found.shape == (1, 9) and heard.words.eot not in found


def test_sound_longer_than_the_file_takes(heard: Greedy, generator: Path) -> None:
    """It is heard in pieces."""
    found = Runner(generator, threads=1).transcribe(np.tile(heard.samples, 2))
    assert found.lower().count("my fellow america") == 2
    assert found.startswith("And so my fellow Americans") and found.endswith("for your country.")


def test_french_and_english_with_base(base: Path, french: Path, jfk: Path, tmp_path: Path) -> None:
    """What whisper.cpp writes, up to the spaces where its segments end."""
    samples = audio.load(french)
    path = export_tflite(base, "generator", float16=True, language="fr", output=tmp_path / "x.tflite")
    segments = Model(base, n_threads=1, temperature_inc=0.0).transcribe(samples, language="fr")
    expected = "".join(segment.text for segment in segments)
    assert "une conférence est verrouillée" in expected
    assert Runner(path, threads=1).transcribe(samples).replace(" ", "") == expected.replace(" ", "")
    path = export_tflite(base, int8=True, audio_seconds=SECONDS, output=tmp_path / "x.tflite")
    assert Runner(path, threads=1).transcribe(audio.load(jfk)) == TEXT.replace("you ask", "you, ask")


@pytest.mark.parametrize("task", ["transcribe", "translate"])
def test_language_and_task_come_first(tmp_path: Path, task: str) -> None:
    model = write(tmp_path / "x.bin", n_vocab=51865)
    path = export_tflite(model, language="german", task=task, audio_seconds=0.1, max_tokens=6)
    assert path == tmp_path / "x-encoder-decoder.tflite"
    tokens = runner(path)(input_features=np.zeros((1, 80, 10), np.float32))["tokens"][0]
    words = Runner(path, threads=1).vocabulary
    wanted = words.translate if task == "translate" else words.transcribe
    assert tokens[:4].tolist() == [words.sot, words.language("de"), wanted, words.no_timestamps]


def constants(path: Path) -> Iterator[tuple[str, int, NDArray[Any]]]:
    """Name, buffer and values of every constant of every graph."""
    kinds = {0: np.float32, 1: np.float16, 2: np.int32, 9: np.int8}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            data = model.buffers[tensor.buffer].data
            if data is not None:
                yield tensor.name.decode(), tensor.buffer, data.view(kinds[tensor.type])


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
def test_no_constant_is_infinite_and_none_is_stored_twice(small: Path, tmp_path: Path, weights: str) -> None:
    path = export(small, "generator", weights, tmp_path / "x.tflite")
    found = list(constants(path))
    assert len(found) > 60 and any("token_embedding" in name for name, _, _ in found)
    for name, _, values in found:
        assert np.isfinite(values).all(), name
        assert values.dtype == np.int32 or np.abs(values.astype(np.float64)).max() < 65504, name  # in float16
    large = {buffer: values.tobytes() for _, buffer, values in found if values.nbytes > 4000 and values.any()}
    assert len(large) == len(set(large.values()))


def test_constants_are_aligned(small: Path, tmp_path: Path) -> None:
    path = export_tflite(small, output=tmp_path / "x.tflite")
    data = np.fromfile(path, np.uint8)
    model = schema.Model.GetRootAs(data)
    vectors = [model.Buffers(i).DataAsNumpy() for i in range(1, model.BuffersLength())]
    assert {(vector.ctypes.data - data.ctypes.data) % 16 for vector in vectors} == {0}


def test_the_facts(small: Path, tmp_path: Path) -> None:
    path = export_tflite(small, audio_seconds=0.5, max_tokens=20, int8=True, output=tmp_path / "x.tflite")
    facts = Metadata(path).facts
    assert facts.pop("version")
    assert facts == {
        "model": "ggml-small.bin",
        "model_sha256": digest(small, "sha256")[7:],
        "part": "encoder-decoder",
        "weights": "int8",
        "audio_seconds": "0.5",
        "language": "en",
        "task": "transcribe",
        "max_tokens": "20",
    }
    beside = json.loads((tmp_path / "x.vocabulary.json").read_text(encoding="utf-8"))
    assert beside["networks"] == {"encoder-decoder": "x.tflite"} and beside["tokens"]["eot"] == 50256
    with GgmlTensors(small) as tensors:
        np.testing.assert_array_equal(Metadata(path).mel_filters(), tensors.mel_filters())
