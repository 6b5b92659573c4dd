"""ggml file -> what a Hailo device needs; onnxruntime stands where the device would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import onnx
import pytest

from pywhispercpp import audio
from pywhispercpp.errors import ExportError, MissingPackageError, ModelError, OptionError
from pywhispercpp.models.export import HAILO_ARCHITECTURES, HailoExport, export_hailo
from pywhispercpp.models.export.hailo import model_script
from pywhispercpp.models.export.hailo.compiler import Network, compiled
from pywhispercpp.models.export.hailo.host import Host
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.log_mel import log_mel
from pywhispercpp.models.progress import QuietProgress
from tests import reference_decoder, reference_encoder
from tests.reference_encoder import relative_error
from tests.small_model import write

SAID = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)
# What Hailo's compiler knows of ONNX, as far as Hailo's own exports of Whisper use it.
KNOWN = {
    "Add",
    "Conv",
    "Div",
    "Erf",
    "LayerNormalization",
    "MatMul",
    "Mul",
    "Reshape",
    "Softmax",
    "Transpose",
}


def words(text: str) -> str:
    return " ".join("".join(c for c in text.lower() if c.isalpha() or c == " ").split())


@pytest.fixture(scope="module")
def speech(jfk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sound at some depth, and of other things."""
    folder = tmp_path_factory.mktemp("speech")
    chapter = folder / "LibriSpeech" / "dev-clean" / "84" / "121123"
    chapter.mkdir(parents=True)
    (chapter / "84-121123-0000.WAV").symlink_to(jfk)
    (chapter / "84-121123.trans.txt").write_text("84-121123-0000 AND SO MY FELLOW AMERICANS")
    return folder


@pytest.fixture(scope="module")
def tiny(tiny_en: Path, speech: Path, tmp_path_factory: pytest.TempPathFactory) -> HailoExport:
    """tiny.en for 10 s of sound, with calibration sets: two samples of jfk.wav."""
    return export_hailo(tiny_en, "hailo8l", speech, output=tmp_path_factory.mktemp("hailo") / "tiny")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ggml-small.bin")


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for Hailo's compiler can be imported; the file that its calls are written to."""
    folder = tmp_path / "site"
    folder.mkdir()
    shutil.copy(Path(__file__).with_name("hailo_stand_in.py"), folder / "hailo_sdk_client.py")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "hailo_sdk_client", raising=False)
    yield folder / "calls.json"
    sys.modules.pop("hailo_sdk_client", None)


def test_the_files(tiny: HailoExport) -> None:
    assert [file.name for file in tiny.files] == [
        "calibration.json",
        "decoder_calib_set_tiny.en_10s_seq_32_input_layer1.npy",
        "decoder_calib_set_tiny.en_10s_seq_32_input_layer2.npy",
        "decoder_model_script_tiny.en_hailo8l.alls",
        "encoder_calib_set_tiny.en_10s.npy",
        "encoder_model_script_tiny.en_hailo8l.alls",
        "mel_filters_tiny.en.npy",
        "onnx_add_input_tiny.en.npy",
        "tiny.en-whisper-decoder-10s-seq-32.onnx",
        "tiny.en-whisper-encoder-10s.onnx",
        "token_embedding_weight_tiny.en.npy",
        "vocabulary.json",
    ]
    assert tiny.missing is not None and "Hailo's Developer Zone" in tiny.missing
    sizes = {file.name: np.load(file).shape for file in tiny.files if file.name.endswith("tiny.en.npy")}
    assert sizes["onnx_add_input_tiny.en.npy"] == (32, 384)
    assert sizes["token_embedding_weight_tiny.en.npy"] == (51864, 384)


def test_the_networks_are_what_the_device_can_do(tiny: HailoExport) -> None:
    """Few operations, no free dimension, convolutions of two dimensions, logits in four pieces."""
    shapes = {}
    for file in tiny.folder.glob("*.onnx"):
        graph = onnx.load(file).graph
        assert {node.op_type for node in graph.node} <= KNOWN
        for entry in [*graph.input, *graph.output]:
            shapes[entry.name] = [dimension.dim_value for dimension in entry.type.tensor_type.shape.dim]
    assert shapes == {
        "mel": [1, 80, 1, 1000],
        "output_features": [1, 500, 384],
        "encoder_features": [1, 500, 384],
        "embedded_tokens": [1, 384, 32, 1],
        **{f"logits_{piece}": [1, 32, 12966] for piece in range(4)},
    }


def test_the_numbers(tiny: HailoExport, tiny_en: Path, jfk: Path) -> None:
    samples = audio.load(jfk)[:160000]
    host = Host(tiny.folder)
    features = host.features(host.mel(samples))
    with GgmlTensors(tiny_en) as file:
        tensors, mel = dict(file), log_mel(samples, file.mel_filters())
        expected = reference_encoder.encode(file.header, tensors, mel, 500)
        assert relative_error(features[0], expected) < 1e-5
        tokens = [*host.vocabulary.prompt(), 843, 523, 616]
        logits = reference_decoder.decode(file.header, tensors, expected, tokens)
    assert relative_error(host.logits(features, tokens)[: len(tokens)], logits) < 1e-5


def test_text_of_tiny_en(tiny: HailoExport, jfk: Path) -> None:
    assert words(Host(tiny.folder).transcribe(audio.load(jfk))) == SAID


def test_text_of_base(base: Path, jfk: Path, tmp_path: Path) -> None:
    """In pieces of 5 s, where it hears `asked` for ask, and one word too many."""
    made = export_hailo(base, "hailo10h", output=tmp_path / "x")
    host = Host(made.folder)
    assert (host.samples, host.count) == (80000, 32)
    assert jiwer.wer(SAID, words(host.transcribe(audio.load(jfk)))) <= 3 / 22


def test_the_host_embeds_as_hailos_example_does(tiny: HailoExport) -> None:
    """Rows of one table and the other, and then (1, count, 1, channels), with the channels last."""
    tokens = np.array([[50257, 50362, *[0] * 30]])
    table = np.load(tiny.folder / "token_embedding_weight_tiny.en.npy")
    added = table[tokens] + np.load(tiny.folder / "onnx_add_input_tiny.en.npy")
    nhwc = np.transpose(np.expand_dims(added, axis=1), (0, 2, 1, 3))
    np.testing.assert_array_equal(Host(tiny.folder).embedded([50257, 50362]).transpose(0, 2, 3, 1), nhwc)


def test_the_calibration_sets(tiny: HailoExport, jfk: Path) -> None:
    """What the encoder hears and gives, and what the decoder is given at the end of its text."""
    host = Host(tiny.folder)
    heard, features, tokens = (
        np.load(file) for file in sorted(tiny.folder.glob("*_calib_set_*"), key=_order)
    )
    assert (heard.shape, features.shape, tokens.shape) == (
        (2, 1, 1000, 80),
        (2, 1, 500, 384),
        (2, 32, 1, 384),
    )
    mel = heard[:1].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(mel[0, :, 0, :200], host.mel(audio.load(jfk)[:160000])[0, :, 0, :200])
    np.testing.assert_allclose(features[0], host.features(mel), rtol=1e-4, atol=1e-4)
    said = [*host.vocabulary.prompt(), *host.decode(features[0], host.vocabulary.prompt())]
    assert host.vocabulary.text(said).startswith(" And so my fellow Americans")
    expected = host.embedded([*said, host.vocabulary.eot]).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(tokens[:1], expected, rtol=1e-5, atol=1e-5)


def _order(file: Path) -> tuple[bool, str]:
    return file.name.startswith("decoder"), file.name


def test_the_compiler(tiny: HailoExport, tiny_en: Path, compiler: Path, tmp_path: Path) -> None:
    """Sets that are there are taken; networks, sets, scripts and names go together."""
    folder = tmp_path / "x"
    shutil.copytree(tiny.folder, folder)
    before = (folder / "encoder_calib_set_tiny.en_10s.npy").stat().st_mtime_ns
    made = export_hailo(tiny_en, "hailo8", output=folder, require_hef=True)
    assert made.missing is None
    assert (folder / "encoder_calib_set_tiny.en_10s.npy").stat().st_mtime_ns == before
    hef = folder / "tiny.en-whisper-decoder-10s-seq-32-hailo8.hef"
    assert hef.read_bytes() == b"hef of tiny_en-whisper-decoder-10s-seq-32"
    assert len(list(folder.glob("*-hailo8*.har"))) == 6
    encoder, decoder = json.loads(compiler.read_text())
    name = "tiny_en-whisper-encoder-10s"
    assert encoder == [
        ["ClientRunner", "hailo8"],
        ["translate", name, ["encoder.ln_post"]],
        ["script", "encoder_model_script_tiny.en_hailo8.alls"],
        ["optimize", [[f"{name}/input_layer1", 2]]],
        ["compile"],
    ]
    assert decoder[1][2] == ["logits_0", "logits_1", "logits_2", "logits_3"]
    script = tmp_path / "broken.alls"
    script.write_text("quantization_param?")
    network = Network(folder / f"{hef.stem[:-7]}.onnx", script, ["encoder_features", "embedded_tokens"], [])
    with pytest.raises(ExportError, match=r"Hailo's compiler gave up: .*unknown command in line 1"):
        compiled(network, {}, "hailo8", QuietProgress())
    assert hef.read_bytes()


def test_no_hef_without_a_calibration_set_of_this_very_model(
    tiny: HailoExport, compiler: Path, small: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny.folder, tmp_path / "x")
    made = export_hailo(small, output=tmp_path / "x")
    assert made.missing is not None and "no calibration set of this model" in made.missing
    with pytest.raises(ExportError, match="no calibration set of this model"):
        export_hailo(small, output=tmp_path / "x", require_hef=True)
    assert not compiler.exists()


@pytest.mark.parametrize("arch", HAILO_ARCHITECTURES)
@pytest.mark.parametrize("size", ["tiny", "base"])
def test_model_scripts(arch: str, size: str) -> None:
    recipe = model_script.SIZES[size]
    encoder = model_script.encoder_script(recipe, arch, 100)
    decoder = model_script.decoder_script(recipe, arch, 5000)
    for script in (encoder, decoder):
        assert ("layer_norm_decomposition" in script) == (arch == "hailo10h")
        assert "\n\n" not in script and script.count("(") == script.count(")")
    assert "dataset_size=100," in encoder and "calibset_size=100)" in encoder
    assert "dataset_size=1024," in decoder and f"calibset_size={recipe.decoder_calibrated})" in decoder
    used = 0.7 if (arch, size) == ("hailo10h", "tiny") else 0.8
    assert f"max_utilization={used})" in decoder


def test_without_the_compiler(small: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingPackageError, match=r"a \.hef needs Hailo's compiler"):
        export_hailo(small, output=tmp_path / "x", require_hef=True)
    assert not (tmp_path / "x").exists()


def test_other_sizes_and_lengths(small: Path, tmp_path: Path) -> None:
    larger = write(tmp_path / "x.bin", n_audio_layer=12, n_text_layer=12)
    with pytest.raises(OptionError, match="size small; Hailo's compiler takes tiny and base"):
        export_hailo(larger)
    made = export_hailo(small, audio_seconds=1, sequence_length=24)
    assert made.folder == small.with_name("ggml-small-hailo")
    assert np.load(made.folder / "onnx_add_input_tiny.en.npy").shape == (24, 64)
    assert (made.folder / "tiny.en-whisper-decoder-1s-seq-24.onnx").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hw_arch": "hailo15h"}, "one of hailo8, hailo8l, hailo10h is needed"),
        ({"num_samples": 0}, "a whole number from 1 on is needed"),
        ({"audio_seconds": 31}, r"a multiple of 0\.02 up to 30 is needed"),
        ({"sequence_length": 4}, "a whole number from 5 to 448 is needed"),
        ({"encoder_script": "no.alls"}, "there is no such file"),
        ({"calibration": "nowhere"}, "is no folder"),
        ({"language": "de"}, "English only"),
    ],
)
def test_options_that_make_no_sense(small: Path, tmp_path: Path, options: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(OptionError, match=message):
        export_hailo(small, output=tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_folders_without_speech(small: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(OptionError, match=r"holds no sound \(\.flac"):
        export_hailo(small, calibration=tmp_path / "empty", output=tmp_path / "x")
    (tmp_path / "empty" / "x.mp3").write_text("no sound")
    with pytest.raises(ExportError, match=r"calibration set cannot be made: .*x\.mp3"):
        export_hailo(small, calibration=tmp_path / "empty", output=tmp_path / "x")
    names = {file.name for file in (tmp_path / "x").iterdir()}
    assert "vocabulary.json" in names and "calibration.json" not in names
    assert not [name for name in names if name.startswith(".")]


def test_a_folder_that_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        Host(tmp_path)


def test_a_full_disk(small: Path, tmp_path: Path) -> None:
    """No file may grow beyond the limit, and the decoder is larger. What was there stays."""
    folder = export_hailo(small, audio_seconds=1, output=tmp_path / "x").folder
    before = {file: file.read_bytes() for file in folder.iterdir()}
    script = (
        "import resource, sys\n"
        "from pywhispercpp.models.export import export_hailo\n"
        "from pywhispercpp.errors import ExportError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))\n"
        "try: export_hailo(sys.argv[1], audio_seconds=2, output=sys.argv[2])\n"
        "except ExportError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(small), str(folder)]
    said = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    assert f"{folder}: cannot be written" in said
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_a_place_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="file: cannot be written: "):
        export_hailo(small, output=tmp_path / "file")
