"""ggml file -> ONNX: the numbers onnxruntime gives, the text, and what happens when things are bad."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import openvino
import pytest

from pywhispercpp.errors import ExportError, MissingPackageError, ModelError, ModelNotFoundError, OptionError
from pywhispercpp.models.export import ONNX_PARTS, device_folder, export_onnx
from pywhispercpp.models.export.onnx.runner import Runner
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.hashes import digest
from pywhispercpp.models.vocabulary import Vocabulary
from tests import reference_decoder, reference_encoder
from tests.heard import CONTEXT, Heard
from tests.reference_encoder import Array, relative_error
from tests.small_model import HEADER, write

SECONDS = 11.0  # all of jfk.wav
SAID = (
    "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"
)


def words(text: str) -> str:
    """Without what is not heard."""
    return " ".join("".join(c for c in text.lower() if c.isalpha() or c == " ").split())


def session(file: Path) -> Any:  # noqa: ANN401 - onnxruntime has no types
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def run(file: Path, **inputs: Any) -> dict[str, Array]:  # noqa: ANN401
    network = session(file)
    names = [output.name for output in network.get_outputs()]
    return dict(zip(names, network.run(names, inputs)))


class Decoded(Heard):
    """tiny.en, jfk.wav, a few tokens, and what the reference gives behind them."""

    def __init__(self, path: Path, speech: Path) -> None:
        super().__init__(path, speech)
        self.tokens = [*self.words.prompt(), 843, 523, 616]
        self.logits = self.decoded(self.tokens)


@pytest.fixture(scope="module")
def heard(tiny_en: Path, jfk: Path) -> Iterator[Decoded]:
    heard = Decoded(tiny_en, jfk)
    with heard.file:
        yield heard


@pytest.fixture(scope="module")
def plain(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every part of tiny.en in f32."""
    return export_onnx(tiny_en, SECONDS, parts=ONNX_PARTS, output=tmp_path_factory.mktemp("onnx") / "plain")


@pytest.fixture(scope="module")
def encoded(plain: Path, heard: Decoded) -> dict[str, Array]:
    return run(plain / "encoder.onnx", mel=heard.mel[None])


def cross(encoded: dict[str, Array]) -> dict[str, Array]:
    return {name: value for name, value in encoded.items() if name.startswith("cross_")}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ggml-small.bin")


def test_features(plain: Path, heard: Decoded) -> None:
    found = run(plain / "features.onnx", samples=heard.samples[None, None])["mel"][0]
    assert found.shape == heard.mel.shape
    assert np.abs(found - heard.mel).max() < 2e-3  # of what is 70 dB below the loudest
    assert relative_error(found, heard.mel) < 1e-4


def test_encoder_and_what_the_decoder_attends_to(encoded: dict[str, Array], heard: Decoded) -> None:
    assert relative_error(encoded["output_features"][0], heard.features) < 1e-5  # 1.2e-6 at 1500
    key = reference_encoder.linear(heard.tensors, "decoder.blocks.3.cross_attn.key", heard.features)
    found = encoded["cross_key_3"]
    assert found.shape == (1, 6, CONTEXT, 64)
    assert relative_error(found[0].transpose(1, 0, 2).reshape(key.shape), key) < 1e-5


def test_decoder(plain: Path, encoded: dict[str, Array], heard: Decoded) -> None:
    """Any number of tokens."""
    for count in (1, len(heard.tokens)):
        given = np.array([heard.tokens[:count]])
        found = run(plain / "decoder.onnx", tokens=given, **cross(encoded))["logits"]
        assert relative_error(found[0], heard.logits[:count]) < 1e-5


def test_decoder_with_past(plain: Path, encoded: dict[str, Array], heard: Decoded) -> None:
    """Some tokens at once, then one, then the others."""
    network = session(plain / "decoder-with-past.onnx")
    past = {
        f"past_{part}_{n}": np.zeros((1, 6, 0, 64), np.float32) for n in range(4) for part in ("key", "value")
    }
    names = ["logits", *(name.replace("past", "present") for name in past)]
    assert [output.name for output in network.get_outputs()] == names
    found = []
    for now in (heard.tokens[:2], heard.tokens[2:3], heard.tokens[3:]):
        logits, *present = network.run(names, {"tokens": np.array([now]), **cross(encoded), **past})
        past = dict(zip(past, present))
        found.append(logits[0])
    assert relative_error(np.concatenate(found), heard.logits) < 1e-5


def test_the_same_tokens_with_past_and_without(plain: Path, heard: Decoded, tmp_path: Path) -> None:
    """And each is the likeliest one for the reference, after those before."""
    prompt, runner = heard.words.prompt(), Runner(plain, threads=1)
    encoded = runner.encode(heard.samples)
    tokens = runner.decode(encoded, prompt)
    logits = reference_decoder.decode(heard.file.header, heard.tensors, heard.features, [*prompt, *tokens])
    logits[:, heard.words.suppressed()] = -np.inf
    assert logits.argmax(-1)[len(prompt) - 1 :].tolist() == [*tokens, heard.words.eot]
    for file in plain.glob("*.onnx"):
        (tmp_path / file.name).symlink_to(file)
    content = json.loads((plain / "vocabulary.json").read_text())
    del content["networks"]["decoder-with-past"]
    (tmp_path / "vocabulary.json").write_text(json.dumps(content))
    assert Runner(tmp_path).decode(encoded, prompt) == tokens


def test_text(plain: Path, heard: Decoded) -> None:
    runner = Runner(plain)
    assert runner.audio_seconds == SECONDS
    assert words(runner.transcribe(heard.samples)) == words(SAID)
    assert runner.transcribe(heard.samples[:0]) == ""
    with pytest.raises(OptionError, match="English only"):
        runner.transcribe(heard.samples, "de")


def test_a_fixed_sequence_and_half_precision(
    tiny_en: Path, heard: Decoded, plain: Path, tmp_path: Path
) -> None:
    """The file's weights are f16: nothing is lost."""
    folder = export_onnx(tiny_en, 12, 32, weights="f16", output=tmp_path / "x")
    runner = Runner(folder)
    assert words(runner.transcribe(heard.samples)) == words(SAID)
    assert session(folder / "decoder.onnx").get_inputs()[0].shape == [1, 32]
    given = np.array([[*heard.tokens, *[0] * (32 - len(heard.tokens))]])
    encoded = runner.encode(np.pad(heard.samples, (0, 16000)))
    found = run(folder / "decoder.onnx", tokens=given, **cross(encoded))["logits"][0, : len(heard.tokens)]
    expected = reference_decoder.decode(
        heard.file.header, heard.tensors, encoded["output_features"][0], heard.tokens
    )
    assert relative_error(found, expected) < 1e-5
    size = (folder / "decoder.onnx").stat().st_size
    assert size < 0.51 * (plain / "decoder.onnx").stat().st_size


def test_int8(tiny_en: Path, heard: Decoded, plain: Path, tmp_path: Path) -> None:
    folder = export_onnx(tiny_en, SECONDS, weights="int8", output=tmp_path / "x")
    encoded = run(folder / "encoder.onnx", mel=heard.mel[None])
    assert 0.005 < relative_error(encoded["output_features"][0], heard.features) < 0.05  # 0.024 at 1500
    assert words(Runner(folder).transcribe(heard.samples)) == words(SAID)
    for part in ("encoder", "decoder-with-past"):
        size = (folder / f"{part}.onnx").stat().st_size
        assert size < 0.3 * (plain / f"{part}.onnx").stat().st_size


def test_openvino_reads_it(plain: Path, encoded: dict[str, Array], heard: Decoded) -> None:
    compiled = openvino.Core().compile_model(
        plain / "encoder.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    found = compiled(heard.mel[None])
    assert relative_error(found["output_features"], encoded["output_features"]) < 1e-5


def test_constants_are_finite_and_the_embedding_is_stored_once(
    plain: Path, small: Path, tmp_path: Path
) -> None:
    folder = export_onnx(small, 1, 8, weights="f16", output=tmp_path / "x")
    stored = [*onnx.load(plain / "decoder-with-past.onnx").graph.initializer]
    stored += onnx.load(folder / "decoder.onnx").graph.initializer
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in stored}
    assert all(np.isfinite(value).all() for value in values.values())
    assert [v.shape for v in values.values() if v.size > 10_000_000] == [(384, 51864)]


def test_the_facts(small: Path, tmp_path: Path) -> None:
    folder = export_onnx(small, 2, weights="int8", output=tmp_path / "x")
    names = ["decoder-with-past.onnx", "encoder.onnx", "features.onnx", "vocabulary.json"]
    assert sorted(file.name for file in folder.iterdir()) == names
    model = onnx.load(folder / "encoder.onnx")
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts.pop("version")
    assert facts == {
        "model": "ggml-small.bin",
        "model_sha256": digest(small, "sha256")[7:],
        "audio_context": "100",
        "sequence_length": "any",
        "weights": "int8",
        "n_vocab": "51864",
        "multilingual": "false",
        "part": "encoder",
    }
    assert export_onnx(small, 2, parts=["features"]) == small.with_name("ggml-small-onnx")


def test_the_folder_knows_words_and_languages(tmp_path: Path) -> None:
    path = write(tmp_path / "x.bin", n_vocab=51866, n_mels=128)
    folder = export_onnx(path, 1, parts=["encoder"], output=tmp_path / "x")
    with GgmlTensors(path) as tensors:
        vocabulary = Vocabulary(tensors.header, tensors.words())
    assert device_folder.read(folder).vocabulary == vocabulary
    content = json.loads((folder / "vocabulary.json").read_text())
    assert len(content["languages"]) == 100 and content["languages"]["de"] == vocabulary.language("de")
    assert content["tokens"]["eot"] == vocabulary.eot
    assert content["networks"] == {"encoder": "encoder.onnx"}


def test_bytes_that_are_no_text_come_back(tmp_path: Path) -> None:
    vocabulary = Vocabulary(HEADER, [bytes([byte]) for byte in range(256)])
    (tmp_path / "vocabulary.json").write_text(device_folder.written({}, {}, vocabulary))
    assert device_folder.read(tmp_path).vocabulary == vocabulary


def test_weights_in_files_of_their_own(small: Path, tmp_path: Path) -> None:
    mel = np.random.default_rng(3).uniform(-1, 1, (1, 80, 100)).astype(np.float32)
    one = export_onnx(small, 1, parts=["encoder"], output=tmp_path / "one")
    two = export_onnx(small, 1, parts=["encoder"], output=tmp_path / "two", external_data=True)
    assert sorted(file.name for file in two.iterdir()) == [
        "encoder.onnx",
        "encoder.onnx.data",
        "vocabulary.json",
    ]
    assert (two / "encoder.onnx").stat().st_size < 0.2 * (one / "encoder.onnx").stat().st_size
    first, second = (run(folder / "encoder.onnx", mel=mel)["output_features"] for folder in (one, two))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("weights", ["f16", "int8"])
def test_f32_models(tmp_path: Path, weights: str) -> None:
    """What is no matrix keeps every bit that f16 does not hold."""
    path = write(tmp_path / "x.bin", ftype=0)
    folder = export_onnx(path, 1, parts=["encoder"], weights=weights, output=tmp_path / "x")
    stored = {
        t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(folder / "encoder.onnx").graph.initializer
    }
    with GgmlTensors(path) as tensors:
        name = "encoder.blocks.0.mlp_ln.weight"
        np.testing.assert_array_equal(stored[name], tensors[name])
        table = tensors["encoder.positional_embedding"]
        np.testing.assert_array_equal(stored["encoder.positional_embedding"], table[:50])


@pytest.mark.parametrize("limit", [400_000, 3_000_000])
def test_a_full_disk(small: Path, tmp_path: Path, limit: int) -> None:
    """No file may grow beyond the limit, and the decoder is larger. What was there stays."""
    folder = export_onnx(small, 1, output=tmp_path / "x")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    script = (
        "import resource, sys\n"
        "from pywhispercpp.models.export import export_onnx\n"
        "from pywhispercpp.errors import ExportError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try: export_onnx(sys.argv[1], 2, output=sys.argv[2])\n"
        "except ExportError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(small), str(folder)]
    said = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    assert f"{folder}: cannot be written" in said
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_a_place_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="file: cannot be written: "):
        export_onnx(small, 1, output=tmp_path / "file")


@pytest.mark.parametrize("seconds", [0, -1, 30.02, 0.03, True, "10", float("nan")])
def test_seconds_that_make_no_sense(small: Path, seconds: Any) -> None:  # noqa: ANN401
    with pytest.raises(OptionError, match=r"a multiple of 0\.02 up to 30 is needed"):
        export_onnx(small, seconds)


@pytest.mark.parametrize("length", [0, 4, 449, True, 8.5, "8"])
def test_a_sequence_length_that_makes_no_sense(small: Path, length: Any) -> None:  # noqa: ANN401
    with pytest.raises(OptionError, match="a whole number from 5 to 448 is needed"):
        export_onnx(small, 1, length)


def test_other_options_that_make_no_sense(small: Path) -> None:
    with pytest.raises(OptionError, match="one of f32, f16, int8"):
        export_onnx(small, 1, weights="q4")
    for parts in ([], ["ear"], "encoder"):
        with pytest.raises(OptionError, match="one or more of features, encoder"):
            export_onnx(small, 1, parts=parts)
    with pytest.raises(OptionError, match="takes the tokens one by one"):
        export_onnx(small, 1, 8, ["decoder-with-past"])


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        export_onnx(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(b"<html>")
    with pytest.raises(ModelError, match="HTML"):
        export_onnx(tmp_path / "x.bin")


def test_folders_that_cannot_be_run(small: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"vocabulary\.json: cannot be read"):
        Runner(tmp_path)
    folder = export_onnx(small, 1, output=tmp_path / "x")
    Runner(folder)
    whole = (folder / "encoder.onnx").read_bytes()
    (folder / "encoder.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"encoder\.onnx: onnxruntime cannot load it"):
        Runner(folder)
    other = export_onnx(write(tmp_path / "other.bin", seed=2), 1, output=tmp_path / "other")
    (folder / "encoder.onnx").write_bytes((other / "encoder.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"encoder\.onnx: was not written together with"):
        Runner(folder)
    export_onnx(small, 1, parts=["features"], output=folder)
    with pytest.raises(ModelError, match="has no encoder; export it again with --part encoder"):
        Runner(folder)
    (folder / "vocabulary.json").write_text("{}")
    with pytest.raises(ModelError, match="is broken"):
        Runner(folder)


def test_without_the_packages(small: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pywhispercpp\[onnx\]'"):
        Runner(tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pywhispercpp\[onnx\]'"):
        export_onnx(small)


def test_the_import_is_light() -> None:
    script = (
        "import sys, pywhispercpp.models.export\n"
        "print(sorted({'onnx', 'onnxruntime', 'rich', 'requests'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"[]\n"
