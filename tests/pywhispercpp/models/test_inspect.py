"""Looking into model files of every kind: what is said of good ones, and of damaged ones at which byte."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from pywhispercpp.errors import MissingPackageError, ModelError, ModelNotFoundError
from pywhispercpp.models import ModelReport, TensorReport, TypeTotal, inspect
from pywhispercpp.models.ggml_tensors import GgmlTensors
from tests import model_files, small_model


def test_a_whisper_model_tells_where_every_number_is(tiny_en: Path) -> None:
    report = inspect(tiny_en)
    assert report.kind.startswith("Whisper model") and report.size == 77704715
    assert report.header["network"] == "tiny" and report.header["n_audio_state"] == 384
    assert len(report.tensors) == 167
    content = tiny_en.read_bytes()
    with GgmlTensors(tiny_en) as weights:
        for one in (report.tensors[0], report.tensors[-1]):
            assert one.offset is not None
            found = np.frombuffer(content, "<f4", one.bytes // 4, one.offset)
            np.testing.assert_array_equal(found, weights[one.name].ravel())
            assert one.shape == weights[one.name].shape and one.type == "f32"
    assert sum(total.tensors for total in report.types) == 167
    assert report.types[0].type == "f16" and report.tensor_bytes < report.size


def test_a_name_is_looked_for_and_never_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_model.write(tmp_path / "ggml-mine.bin", ftype=7)
    assert {one.type for one in inspect("mine", tmp_path).tensors} == {"q8_0", "f16", "f32"}
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(ModelNotFoundError, match="no model of that name is here"):
        inspect("tiny", tmp_path)


def test_the_vad_model(silero: Path) -> None:
    report = inspect(silero)
    assert report.header["version"] == "6.2.0" and report.header["lstm"] == "128 -> 128"
    assert report.types == (TypeTotal("f32", 9, 529924), TypeTotal("f16", 6, 354304))
    assert report.tensors[0].shape == (128, 129, 3)


def damaged(path: Path, content: bytes, at: int, new: bytes) -> Path:
    """The content with other bytes at one place."""
    path.write_bytes(content[:at] + new + content[at + len(new) :])
    return path


def test_a_damaged_vad_model(silero: Path, tmp_path: Path) -> None:
    content, path = silero.read_bytes(), tmp_path / "vad.bin"
    for at, number, said in (
        (4, 0, r"a model type of 0 bytes \(byte 4 of 885098\)"),
        (38, 1000, r"1000 encoder layers \(byte 38 "),
        (106, 9, r"no tensor header here: 9 dimensions, .* \(byte 106 "),
        (118, -3, r"_model.encoder.0.*shape \[-3, 129, 128\]"),
    ):
        with pytest.raises(ModelError, match=said):
            inspect(damaged(path, content, at, struct.pack("<i", number)))
    path.write_bytes(content[:-1])
    with pytest.raises(ModelError, match=r"the file ends inside tensor _model.stft.*132096 bytes needed"):
        inspect(path)


def test_an_ir_is_read_without_openvino(tmp_path: Path) -> None:
    report = inspect(model_files.write_ir(tmp_path))
    assert report.header == {
        "name": "small",
        "ir_version": "11",
        "OpenVINO Runtime": "2026.4",
        "pywhispercpp.model": "ggml-tiny.bin",
        "pywhispercpp.weights": "f16",
        "weights": "small.bin",
    }
    assert report.inputs == (TensorReport("x", (1, "2..3000", 4), "f32"),)
    assert report.outputs == (TensorReport("y", (1, "?", 3), "f32"),)
    assert report.tensors == (TensorReport("w", (4, 3), "f16", 24, 8),)
    assert report.operations == {"Parameter": 1, "Const": 1, "MatMul": 1, "Result": 1}
    assert report.size == len(model_files.IR) + 32


def test_an_ir_that_openvino_wrote(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    from pywhispercpp.models.export import export_openvino

    model = small_model.write(tmp_path / "ggml-mine.bin")
    report = inspect(export_openvino(model))
    assert report.header["pywhispercpp.model"] == "ggml-mine.bin"
    assert [one.shape for one in report.inputs] == [(1, 80, "2..3000")]
    assert [one.shape[2] for one in report.outputs] == [64]
    stored = next(one for one in report.tensors if one.name.startswith("encoder.conv1.weight"))
    content = model.with_name("ggml-mine-encoder-openvino.bin").read_bytes()
    with GgmlTensors(model) as weights:
        found = np.frombuffer(content, "<f2", stored.bytes // 2, stored.offset or 0)
        assert stored.shape == weights["encoder.conv1.weight"].shape
        np.testing.assert_array_equal(found, weights["encoder.conv1.weight"].ravel())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</layers>", "</layer>", r"no whole XML: mismatched tag \(byte 752 of 1007"),
        ('size="24"', 'size="25"', r"w is f16 of shape \[4, 3\] and says that it has 25 bytes \(byte \d+ of"),
        ('offset="8"', 'offset="9"', "w needs 33 bytes of small.bin, which has 32"),
        ('offset="8"', 'offset="' + "9" * 5000 + '"', "which is no number"),
        ('<net name="small" version="11">', "<html>", "the XML is a <html>, an IR is a <net>"),
        ("<net", '<!DOCTYPE net [<!ENTITY a "b">]><net', r"a document type.*\(byte \d+ of"),
        ("<edges>", "<edges>" * 200, "more than 100 elements in each other"),
    ],
)
def test_a_damaged_ir(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=said):
        inspect(model_files.write_ir(tmp_path, model_files.IR.replace(old, new)))


def test_an_ir_without_its_weights_or_the_weights_alone(tmp_path: Path) -> None:
    path = model_files.write_ir(tmp_path)
    weights = path.with_suffix(".bin")
    with pytest.raises(ModelError, match=rf"the weights of an OpenVINO IR; inspect {path}"):
        inspect(weights)
    weights.unlink()
    with pytest.raises(ModelError, match=rf"its weights are missing: {weights} should be"):
        inspect(path)


def onnx_report(tmp_path: Path, model: Any) -> ModelReport:  # noqa: ANN401
    path = tmp_path / "no-name-that-helps"
    path.write_bytes(model.SerializeToString())
    return inspect(path)


def test_an_onnx_model(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    report = onnx_report(tmp_path, model_files.onnx_model())
    assert report.header == {
        "ir_version": 8,
        "opset": "ai.onnx 17",
        "producer": "a test",
        "graph": "small",
        "audio_context": "500",
    }
    assert report.inputs == (TensorReport("x", ("batch", 4), "f32"),)
    assert report.outputs == (TensorReport("y", ("batch", 3), "f32"),)
    assert report.operations == {"Identity": 2, "MatMul": 1, "Constant": 1, "Add": 1, "If": 1}
    assert [(one.name, one.shape, one.type, one.bytes) for one in report.tensors] == [
        ("w", (4, 3), "f32", 48),
        ("half", (4, 3), "f16", 24),
        ("listed", (2,), "i64", 16),
        ("yes", (), "bool", 1),
        ("one", (), "f32", 4),
        ("kept 2", (1,), "i8", 1),  # onnx.helper sorts the branches by their names
        ("kept 1", (1,), "i8", 1),
    ]


def test_numbers_that_onnx_keeps_in_another_file_are_not_loaded(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = model_files.onnx_model()
    path = tmp_path / "outside.onnx"
    onnx.save(model, path, save_as_external_data=True, location="numbers", size_threshold=0)
    (tmp_path / "numbers").unlink()
    report = inspect(path)
    assert report.header["external data"] == "numbers"
    assert [one.bytes for one in report.tensors][:2] == [48, 24]


def test_an_onnx_model_whose_numbers_do_not_add_up(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    changes: tuple[tuple[Callable[[Any], object], str], ...] = (
        (lambda tensor: tensor.dims.append(5), r"tensor 'w' is f32 of shape \[4, 3, 5\] and has 48 bytes"),
        (lambda tensor: tensor.dims.append(-5), r"tensor 'w' has shape \[4, 3, -5\]"),
        (lambda tensor: tensor.ClearField("raw_data"), r"tensor 'w' of shape \[4, 3\] has no numbers"),
    )
    for change, said in changes:
        model = model_files.onnx_model()
        change(model.graph.initializer[0])
        with pytest.raises(ModelError, match=said):
            onnx_report(tmp_path, model)
    model = model_files.onnx_model()
    model.graph.ClearField("node")
    with pytest.raises(ModelError, match="without a network in it"):
        onnx_report(tmp_path, model)


def test_a_text_that_is_no_text(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    content = model_files.onnx_model().SerializeToString()
    path = tmp_path / "model"
    path.write_bytes(content.replace(b"half", b"ha\xff\x7f").replace(b"MatMul", b"MatM\xff\xfe"))
    report = inspect(path)
    assert report.tensors[1].name == "ha\\xff\x7f" and "MatM\\xff\\xfe" in report.operations
    assert json.dumps(report.as_dict())


def test_a_damaged_onnx_model_and_the_byte(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    content, path = model_files.onnx_model().SerializeToString(), tmp_path / "bad"
    path.write_bytes(content[:-1])
    with pytest.raises(
        ModelError, match=rf"goes 1 bytes past the end of its message \(byte \d+ of {len(content) - 1}\)"
    ):
        inspect(path)
    graph = (
        content.index(b"\x0a\x06MatMul") if b"\x0a\x06MatMul" in content else content.index(b"\x22\x06MatMul")
    )
    with pytest.raises(ModelError, match=rf"NodeProto.op_type goes \d+ bytes past .*\(byte {graph} of"):
        inspect(damaged(path, content, graph + 1, b"\x7f"))
    with pytest.raises(ModelError, match=rf"field 4 of NodeProto has the wire type 3 \(byte {graph} of"):
        inspect(damaged(path, content, graph, b"\x23"))


def test_a_tflite_model(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / "model"
    path.write_bytes(model_files.tflite_bytes())
    report = inspect(path)
    assert report.header == {
        "version": 3,
        "description": "a test",
        "subgraphs": 1,
        "metadata": "min_runtime_version",
        "signatures": "serving_default(features) -> tokens",
    }
    assert report.inputs == (TensorReport("x", (1, 3), "f32"),)
    assert report.outputs == (TensorReport("y", (1, 4), "f32"),)
    assert report.operations == {"FULLY_CONNECTED": 1}
    (weights,) = report.tensors
    assert (weights.name, weights.shape, weights.bytes) == ("w", (4, 3), 48)
    held = np.frombuffer(path.read_bytes(), "<f4", 12, weights.offset or 0)
    np.testing.assert_array_equal(held.reshape(4, 3), model_files.WEIGHTS)


def test_a_damaged_tflite_model_and_the_byte(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    content, path = model_files.tflite_bytes(), tmp_path / "bad"
    size = len(content)
    with pytest.raises(
        ModelError, match=rf"the model should be at byte {2**31}, outside the file \(byte {size} of {size}\)"
    ):
        inspect(damaged(path, content, 0, struct.pack("<I", 2**31)))
    (root,) = struct.unpack_from("<I", content)
    with pytest.raises(ModelError, match=r"the fields of the model should be at byte -\d+, outside"):
        inspect(damaged(path, content, root, struct.pack("<i", root + 100)))
    shape = content.index(struct.pack("<3i", 2, 4, 3))
    with pytest.raises(
        ModelError, match=r"tensor 1, w, is f32 of shape \[4, 7\] and has 48 bytes \(byte \d+"
    ):
        inspect(damaged(path, content, shape + 8, struct.pack("<i", 7)))
    with pytest.raises(ModelError, match=rf"ends inside a list of .*tensor 1: .*left \(byte {shape} of"):
        inspect(damaged(path, content, shape, struct.pack("<I", 2**31)))
    path.write_bytes(content[: size // 2])
    with pytest.raises(ModelError, match=rf"of {size // 2}\)"):
        inspect(path)


def test_a_tflite_model_that_lists_one_tensor_without_end(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / "many"
    path.write_bytes(model_files.tflite_of_one_table(1000))
    assert inspect(path).header["subgraphs"] == 1
    path.write_bytes(model_files.tflite_of_one_table(30_000))
    with pytest.raises(ModelError, match="more tables, texts and numbers than any model has"):
        inspect(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"the file is empty \(byte 0 of 0\)"),
        (b"GGUF" + bytes(50), "not a model of any known kind .* a GGUF file"),
        (b"<!DOCTYPE html><html>", "looks like an HTML page"),
        (b"lmgg" + bytes(100), r"n_vocab is 0.*\(byte 4 of 104\)"),
        (b"\x08\x01", "without a network"),
        (b"    TFL3", "outside the file"),
    ],
)
def test_what_is_no_model(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said):
        inspect(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="this is a directory"):
        inspect(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="not a regular file"):
        inspect(tmp_path / "pipe")


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    for name, content, extra in (("onnx", b"\x08\x08", "onnx"), ("ai_edge_litert", b"    TFL3", "tflite")):
        path = tmp_path / name
        path.write_bytes(content)
        program = f"import sys; sys.modules[{name!r}] = None\nfrom pywhispercpp.models import inspect\n"
        program += (
            f"try: inspect({str(path)!r})\nexcept ImportError as error: print(type(error).__name__, error)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(MissingPackageError.__name__), done.stderr
        assert f"pip install 'pywhispercpp[{extra}]'" in done.stdout
