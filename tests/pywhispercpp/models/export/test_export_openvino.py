"""ggml file -> OpenVINO IR: the numbers, the facts it carries, and what happens when it cannot be written."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

from pywhispercpp import openvino_ir
from pywhispercpp.errors import ExportError, MissingPackageError, ModelError, ModelNotFoundError, OptionError
from pywhispercpp.models.export import export_openvino
from pywhispercpp.models.ggml_layout import FILE_TYPES
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.hashes import digest
from tests.reference_encoder import encode, relative_error
from tests.small_model import write

Array = NDArray[np.float32]

SETTINGS = {
    "INFERENCE_PRECISION_HINT": "f32",
    "INFERENCE_NUM_THREADS": "2",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
}


def compiled(xml: Path) -> Any:  # noqa: ANN401 - openvino has no types
    return openvino.Core().compile_model(xml, "CPU", SETTINGS)


def features(network: Any, mel: Array, n_ctx: int) -> Array:  # noqa: ANN401
    (found,) = network(mel[None, :, : 2 * n_ctx]).values()
    result: Array = found[0].copy()
    return result


@dataclass(frozen=True)
class Subject:
    """A model, an input for it, and what the reference makes of them."""

    path: Path
    mel: Array

    def expected(self, n_ctx: int) -> Array:
        with GgmlTensors(self.path) as lazy:
            tensors = {name: lazy[name] for name in lazy if name.startswith("encoder.")}
            return encode(lazy.header, tensors, self.mel, n_ctx)

    def error(self, xml: Path, n_ctx: int) -> float:
        found = features(compiled(xml), self.mel, n_ctx)
        assert found.shape[0] == n_ctx
        return relative_error(found, self.expected(n_ctx))


def noise(n_mels: int, frames: int = 3000) -> Array:
    """Something like a log-mel: between -1 and 1."""
    return np.random.default_rng(3).uniform(-1, 1, (n_mels, frames)).astype(np.float32)


@pytest.fixture(scope="module")
def tiny(tiny_en: Path) -> Subject:
    return Subject(tiny_en, noise(80))


@pytest.fixture(scope="module")
def tiny_ir(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_openvino(tiny_en, output=tmp_path_factory.mktemp("ir") / "tiny.xml")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ggml-small.bin")


@pytest.mark.parametrize("n_ctx", [1500, 512, 77])
def test_one_ir_serves_every_context(tiny: Subject, tiny_ir: Path, n_ctx: int) -> None:
    assert tiny.error(tiny_ir, n_ctx) < 1e-5  # 1.5e-6 where it was measured


def test_a_static_ir_serves_its_context_only(tiny: Subject, tmp_path: Path) -> None:
    xml = export_openvino(tiny.path, audio_context=77, output=tmp_path / "x.xml")
    assert tiny.error(xml, 77) < 1e-5
    assert openvino_ir.read(xml).audio_ctx == (77, 77)
    with pytest.raises(RuntimeError):
        features(compiled(xml), tiny.mel, 78)


def test_int8(tiny: Subject, tiny_ir: Path, tmp_path: Path) -> None:
    xml = export_openvino(tiny.path, weights="int8", output=tmp_path / "x.xml")
    assert 0.005 < tiny.error(xml, 512) < 0.04  # 0.024 on speech
    assert xml.with_suffix(".bin").stat().st_size < 0.6 * tiny_ir.with_suffix(".bin").stat().st_size
    # OpenVINO multiplies with the whole numbers; it does not widen them first.
    types = [
        node.input(1).get_element_type().get_type_name()
        for node in compiled(xml).get_runtime_model().get_ops()
        if node.get_rt_info()["layerType"].astype(str) == "FullyConnected"
    ]
    assert types == 24 * ["i8"]


def test_weights_stay_as_they_are_stored_once_compiled(tiny_ir: Path) -> None:
    """The mark on their conversion is there: without it OpenVINO keeps a second copy in f32."""
    kinds = [
        node.input(1).get_element_type().get_type_name()
        for node in compiled(tiny_ir).get_runtime_model().get_ops()
        if node.get_rt_info()["layerType"].astype(str) == "FullyConnected"
    ]
    assert kinds == 24 * ["f16"]


@pytest.mark.parametrize("ftype", FILE_TYPES)
def test_every_type_of_ggml_file(tmp_path: Path, ftype: int) -> None:
    """128 mel bands and the vocabulary of large-v3; many blocks are as wide as 256."""
    state = max(64, FILE_TYPES[ftype].block)
    path = write(tmp_path / "x.bin", state, ftype=ftype, n_mels=128, n_vocab=51866, quantization_version=2)
    xml = export_openvino(path)
    assert xml == tmp_path / "x-encoder-openvino.xml"
    assert Subject(path, noise(128)).error(xml, 40) < 1e-3  # f16 of what is in no type of ggml exactly f16
    assert openvino_ir.read(xml).n_mels == 128


def test_what_f16_does_not_hold_stays_f32(tmp_path: Path) -> None:
    """In a model of f32, norms, biases and the positional embedding keep every bit; matrices become f16."""
    path = write(tmp_path / "x.bin", ftype=0)
    nodes = openvino.Core().read_model(export_openvino(path)).get_ops()
    stored = {n.get_friendly_name(): n for n in nodes if n.get_type_name() == "Constant"}
    with GgmlTensors(path) as tensors:
        for name in ("encoder.positional_embedding", "encoder.blocks.0.mlp_ln.weight"):
            np.testing.assert_array_equal(np.squeeze(stored[name].data), tensors[name])
        name = "encoder.blocks.0.mlp.0.weight"
        np.testing.assert_array_equal(stored[f"{name}/stored"].data, tensors[name].astype(np.float16))


def test_multilingual(tmp_path: Path) -> None:
    path = write(tmp_path / "x.bin", n_vocab=51865, n_audio_layer=6, n_text_layer=6)
    assert Subject(path, noise(80)).error(export_openvino(path), 40) < 1e-5


def test_the_facts(small: Path, tmp_path: Path) -> None:
    xml = export_openvino(small, weights="int8", output=tmp_path / "x.xml")
    facts = openvino_ir.read(xml)
    assert (facts.n_mels, facts.n_state, facts.audio_ctx, facts.weights) == (80, 64, (1, 1500), "int8")
    assert (facts.model, facts.model_sha256) == ("ggml-small.bin", digest(small, "sha256")[7:])
    facts.require_model(small, 80, 64)
    other = write(tmp_path / "other.bin", seed=2)
    with pytest.raises(ModelError, match=r"was made of ggml-small\.bin .* is another file"):
        facts.require_model(other, 80, 64)
    model = openvino.Core().read_model(xml)
    assert model.get_rt_info(["pywhispercpp", "audio_context"]).astype(str) == "1..1500"
    assert model.input().get_any_name() == "mel" and model.output().get_any_name() == "output_features"


def test_it_replaces_an_older_ir(small: Path, tmp_path: Path) -> None:
    xml = export_openvino(small, output=tmp_path / "x.xml")
    export_openvino(small, audio_context=8, weights="int8", output=xml)
    assert openvino_ir.read(xml).audio_ctx == (8, 8)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x.bin", "x.xml"]


@pytest.mark.parametrize("limit", [100_000, 400_000])
def test_a_full_disk(small: Path, tmp_path: Path, limit: int) -> None:
    """No file may grow beyond the limit: the .bin cannot be written whole. What was there stays."""
    xml = export_openvino(small, output=tmp_path / "x.xml")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert limit < xml.with_suffix(".bin").stat().st_size
    script = (
        "import resource, sys\n"
        "from pywhispercpp.models.export import export_openvino\n"
        "from pywhispercpp.errors import ExportError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try: export_openvino(sys.argv[1], output=sys.argv[2])\n"
        "except ExportError as error: print(error)\n"
    )
    run = [sys.executable, "-c", script, str(small), str(xml)]
    said = subprocess.run(run, text=True, capture_output=True, check=True).stdout
    assert f"{xml}: cannot be written" in said
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_place_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"file/x\.xml: cannot be written: "):
        export_openvino(small, output=tmp_path / "file" / "x.xml")


@pytest.mark.parametrize("context", [0, -1, 1501, True, 1.5, "512"])
def test_a_context_out_of_range(small: Path, context: Any) -> None:  # noqa: ANN401
    with pytest.raises(OptionError, match="a whole number from 1 to 1500 is needed"):
        export_openvino(small, audio_context=context)


def test_other_options_that_make_no_sense(small: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="one of f16, int8"):
        export_openvino(small, weights="q4")
    with pytest.raises(OptionError, match=r"ends in \.xml"):
        export_openvino(small, output=tmp_path / "x.bin")


def test_no_model_is_overwritten(small: Path, tmp_path: Path) -> None:
    """The weights of `x.xml` are `x.bin`, which may well be the name of a model."""
    model = tmp_path / "ggml-x.bin"
    model.write_bytes(small.read_bytes())
    for source in (model, small):
        with pytest.raises(OptionError, match=r"would replace .*ggml-x\.bin, which is a ggml model"):
            export_openvino(source, output=tmp_path / "ggml-x.xml")
    assert model.read_bytes() == small.read_bytes()


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        export_openvino(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(b"<html>")
    with pytest.raises(ModelError, match="HTML"):
        export_openvino(tmp_path / "x.bin")


def test_without_openvino(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pywhispercpp\[openvino\]'"):
        export_openvino(small)


def test_the_import_is_light() -> None:
    script = (
        "import sys, pywhispercpp.models.export\n"
        "print(sorted({'openvino', 'rich', 'requests'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"[]\n"
