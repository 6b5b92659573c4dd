"""TFLite: what cannot be exported or run, what is said then, and that nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pywhispercpp.errors import ExportError, MissingPackageError, ModelError, ModelNotFoundError, OptionError
from pywhispercpp.models.export import export_tflite
from pywhispercpp.models.export.tflite.metadata import Metadata
from pywhispercpp.models.export.tflite.runner import Runner
from pywhispercpp.models.ggml_layout import expected_tensors
from tests.small_model import HEADER, TOKENS, header_bytes, tensor_bytes, write


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("small") / "ggml-small.bin")


@pytest.fixture(scope="module")
def exported(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short one, in a folder of its own."""
    output = tmp_path_factory.mktemp("exported") / "x.tflite"
    return export_tflite(small, audio_seconds=0.1, max_tokens=5, output=output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"part": "all"}, r"part='all': one of encoder-decoder, encoder, decoder, .* is needed"),
        ({"float16": True, "int8": True}, "float16 and int8: .* not in both"),
        ({"part": "features", "int8": True}, "part='features' has no weights"),
        ({"part": "encoder", "max_tokens": 8}, "max_tokens=8: part='encoder' gives no tokens"),
        (
            {"part": "pcm-encoder", "task": "translate"},
            "task='translate': part='pcm-encoder' gives no tokens",
        ),
        ({"language": "de"}, "this model writes English only"),
        ({"task": "sing"}, "one of transcribe, translate is needed"),
        ({"max_tokens": 2}, "max_tokens=2: a whole number from 3 to 448 is needed"),
        ({"max_tokens": 449}, "from 3 to 448"),
        ({"max_tokens": True}, "from 3 to 448"),
        ({"audio_seconds": 0}, "audio_seconds=0: 0.02 to 30 in steps of 0.02 is needed"),
        ({"audio_seconds": 30.02}, "0.02 to 30"),
        ({"audio_seconds": 1.01}, "steps of 0.02"),
        ({"audio_seconds": float("nan")}, "0.02 to 30"),
        ({"audio_seconds": "10"}, "0.02 to 30"),
        ({"output": "x.bin"}, r"'x.bin': the name of a TFLite file ends in \.tflite"),
    ],
)
def test_options_that_make_no_sense(small: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        export_tflite(small, **options)
    assert [file.name for file in small.parent.iterdir()] == ["ggml-small.bin"]


def test_no_model_is_overwritten(small: Path, tmp_path: Path) -> None:
    model = shutil.copy(small, tmp_path / "model.tflite")
    with pytest.raises(OptionError, match=r"model\.tflite.*would replace a ggml model"):
        export_tflite(small, output=model)


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        export_tflite(tmp_path / "x.bin")
    (tmp_path / "x.bin").write_bytes(b"<html>")
    with pytest.raises(ModelError, match="HTML"):
        export_tflite(tmp_path / "x.bin")


def test_a_model_that_ends_early(small: Path, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(small.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"x\.bin"):
        export_tflite(tmp_path / "x.bin")
    assert [file.name for file in tmp_path.iterdir()] == ["x.bin"]


def sparse_model(path: Path, **changes: int) -> Path:
    """A model as large as `changes` say, of zeros that the disk does not hold."""
    header = replace(HEADER, **changes)
    with path.open("wb") as file:
        file.write(header_bytes(header) + np.array([header.n_mels, 201], "<i4").tobytes())
        file.write(bytes(4 * header.n_mels * 201) + np.array([TOKENS], "<i4").tobytes() + bytes(4) * TOKENS)
        for name, shape, kind in expected_tensors(header):
            file.write(tensor_bytes(name, shape, kind.code, b""))
            file.truncate(file.seek(kind.bytes_for(shape), 1))
    return path


LARGE = {"n_audio_state": 1280, "n_audio_head": 20, "n_audio_layer": 32, "n_mels": 128, "n_vocab": 51866}
LARGE |= {"n_text_state": 1280, "n_text_head": 20, "n_text_layer": 32}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"6\.2 GB of float32 do not fit .* ends at 2 GiB; int8 \(--int8\) would"),
        ({"float16": True}, r"3\.1 GB of float16 do not fit .*; int8 \(--int8\) would"),
        ({"part": "encoder"}, r"2\.5 GB of float32 .*; float16 \(--float16\) or int8 \(--int8\) would"),
    ],
)
def test_more_than_two_gigabytes(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    model = sparse_model(tmp_path / "ggml-large.bin", **LARGE)
    with pytest.raises(ExportError, match=message):
        export_tflite(model, **options)


@pytest.mark.parametrize("limit", [100_000, 4_000_000])
def test_a_full_disk(small: Path, exported: Path, tmp_path: Path, limit: int) -> None:
    """No file may grow beyond the limit: first the words cannot be written, then the network. All stays."""
    path = Path(shutil.copytree(exported.parent, tmp_path / "there") / exported.name)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    assert limit < path.stat().st_size
    script = (
        "import resource, sys\n"
        "from pywhispercpp.models.export import export_tflite\n"
        "from pywhispercpp.errors import ExportError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try: export_tflite(sys.argv[1], audio_seconds=1, output=sys.argv[2])\n"
        "except ExportError as error: print(error)\n"
    )
    run = [sys.executable, "-c", script, str(small), str(path)]
    said = subprocess.run(run, text=True, capture_output=True, check=True).stdout
    assert f"{path}: cannot be written" in said and "--output" in said
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_place_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"file/x\.tflite: cannot be written: "):
        export_tflite(small, "features", output=tmp_path / "file" / "x.tflite")


def test_an_older_file_is_replaced(small: Path, exported: Path, tmp_path: Path) -> None:
    path = shutil.copytree(exported.parent, tmp_path / "there") / exported.name
    export_tflite(small, audio_seconds=0.2, max_tokens=5, output=path)
    assert Runner(path, threads=1).audio_seconds == 0.2
    assert sorted(file.name for file in path.parent.iterdir()) == ["x.tflite", "x.vocabulary.json"]


@pytest.mark.parametrize("module", ["ai_edge_litert.schema_py_generated", "flatbuffers"])
def test_without_the_packages(small: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackageError, match=r"pip install 'pywhispercpp\[tflite\]'"):
        export_tflite(small)


def test_the_import_is_light() -> None:
    script = (
        "import sys, pywhispercpp.models.export, pywhispercpp.cli.models.export\n"
        "print(sorted({'ai_edge_litert', 'flatbuffers', 'onnx', 'openvino'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout == b"[]\n"


def test_what_cannot_be_run(small: Path, exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"x\.tflite: cannot be read: No such file"):
        Runner(tmp_path / "x.tflite")
    for content in (b"", b"<html>", b"\x1c\0\0\0TFL3"):
        (tmp_path / "x.tflite").write_bytes(content)
        with pytest.raises(ModelError, match=r"x\.tflite"):
            Runner(tmp_path / "x.tflite")
    encoder = export_tflite(small, "encoder", audio_seconds=0.1, output=tmp_path / "e.tflite")
    with pytest.raises(ModelError, match="encoder: one of encoder-decoder, generator is needed"):
        Runner(encoder)
    shutil.copy(exported, tmp_path / "alone.tflite")
    with pytest.raises(ModelError, match=r"alone\.vocabulary\.json: cannot be read"):
        Runner(tmp_path / "alone.tflite")


def test_words_of_another_file(small: Path, exported: Path, tmp_path: Path) -> None:
    path = export_tflite(small, audio_seconds=0.2, output=tmp_path / "x.tflite")
    shutil.copy(exported, path)
    with pytest.raises(ModelError, match=r"x\.vocabulary\.json: was not written together with x\.tflite"):
        Runner(path)


def test_a_file_that_ends_early(exported: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(exported.parent, tmp_path / "there")
    (folder / "x.tflite").write_bytes(exported.read_bytes()[:-100_000])
    with pytest.raises(ModelError, match=r"x\.tflite: .* The file is damaged or incomplete"):
        Runner(folder / "x.tflite")


def test_another_language(tmp_path: Path) -> None:
    model = write(tmp_path / "x.bin", n_vocab=51865)
    runner = Runner(export_tflite(model, language="de", audio_seconds=0.1, max_tokens=6), threads=1)
    silence = np.zeros(1600, np.float32)
    assert runner.transcribe(silence) == runner.transcribe(silence, "german")
    with pytest.raises(OptionError, match=r"language='en': .*\.tflite was made for 'de'; export one"):
        runner.transcribe(silence, "en")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_changed_bytes_are_an_error_or_facts(
    exported: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Tables are at the front of the file: wherever something else stands there, reading ends well."""
    head = bytearray(exported.read_bytes()[:60_000])
    for _ in range(data.draw(st.integers(1, 4))):
        head[data.draw(st.integers(0, 8000))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.tflite"
    path.write_bytes(head)
    try:
        assert isinstance(Metadata(path).facts, dict)
    except ModelError as error:
        assert "changed.tflite" in str(error)
