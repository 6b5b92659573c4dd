"""evaluate(): real figures for real speech, and a table that no fault of one row or recording loses."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

pytest.importorskip("jiwer")
pytest.importorskip("whisper_normalizer")

from pywhispercpp import audio
from pywhispercpp.errors import OptionError
from pywhispercpp.evaluate import Evaluation, Setup, evaluate, read
from pywhispercpp.evaluate.dataset import SHIPPED
from pywhispercpp.evaluate.process import Process, ProcessError
from tests.pywhispercpp.evaluate.small_speaker import write


@pytest.fixture(scope="module")
def small(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that hears nothing right, in milliseconds."""
    return write(tmp_path_factory.mktemp("evaluate") / "ggml-small-one.bin", tiny_en)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plain dataset: one good recording, one that is none, one without a text."""
    for name in ("garden.opus", "garden.txt"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    (tmp_path / "broken.wav").write_bytes(b"RIFF, but no more than that")
    (tmp_path / "broken.txt").write_text("Never heard.")
    (tmp_path / "silent.mp3").write_bytes(b"")
    return tmp_path


@pytest.fixture(scope="module")
def real(tiny_en: Path) -> Evaluation:
    """tiny.en with two recordings, by ggml and by OpenVINO."""
    pytest.importorskip("openvino")
    return evaluate(
        tiny_en, backends=["ggml", "openvino"], audio_contexts=["auto"], num_samples=2, seed=4, n_threads=2
    )


def test_each_setup_has_a_row(real: Evaluation) -> None:
    rows = [(one.setup.backend, one.setup.audio_context) for one in real.results]
    assert rows == [("ggml", "auto"), ("openvino", "auto")]
    assert (real.available, len(real.dataset.recordings), real.language) == (len(read().recordings), 2, "en")
    for one in real.results:
        assert (one.error, one.failed, len(one.heard), one.weights) == ("", [], 2, "f16")


def test_real_speech_is_heard_and_measured(real: Evaluation) -> None:
    assert real.ok and real.skipped == ()
    for one in real.results:
        assert one.wer < 0.2 and one.cer < 0.1, [heard.text for heard in one.heard]
        assert one.rtf > 0 and one.cpu_rtf > 0.01 and one.load_s > 0
        assert one.heard[0].audio_s == pytest.approx(4.5, abs=1.5)
    ggml, openvino = real.results
    # The weights, 78 MB, are there once; OpenVINO's libraries and its own weights come on top.
    assert 90e6 < ggml.peak_bytes < 600e6 and ggml.peak_bytes + 30e6 < openvino.peak_bytes
    assert Path(openvino.facts["ir"]).name.endswith("-encoder-openvino.xml")
    assert not Path(openvino.facts["ir"]).exists()  # it was made for the while


def test_json_has_everything(real: Evaluation) -> None:
    told = real.as_dict()
    assert set(told) == {"machine", "dataset", "results"} and told["machine"]["cpu"]
    assert told["dataset"]["chosen"] == [one.name for one in real.dataset.recordings]
    for row, one in zip(told["results"], real.results):
        assert (row["backend"], row["wer"], row["peak_bytes"]) == (one.setup.backend, one.wer, one.peak_bytes)
        assert [heard["text"] for heard in row["heard"]] == [heard.text for heard in one.heard]


def test_every_backend_runs_what_is_exported_for_it(small: Path) -> None:
    for package in ("openvino", "onnx", "onnxruntime", "ai_edge_litert"):
        pytest.importorskip(package)
    names = ["ggml", "openvino", "onnx", "tflite"]
    found = evaluate(small, backends=names, audio_contexts=[275], num_samples=1, n_threads=1)
    assert [one.setup.backend for one in found.results] == names
    for one in found.results:
        assert (one.error, len(one.heard)) == ("", 1), one.setup
    assert [one.weights for one in found.results] == ["f16", "f16", "f32", "f32"]
    assert not list(small.parent.glob("*onnx*")) and not list(small.parent.glob("*.tflite"))


def test_exports_that_are_there_are_taken_when_they_are_of_the_model(
    small: Path, tiny_en: Path, tmp_path: Path
) -> None:
    for package in ("onnx", "onnxruntime", "ai_edge_litert"):
        pytest.importorskip(package)
    from pywhispercpp.models.export import export_onnx, export_tflite

    networks = export_onnx(small, 5.5, weights="int8", output=tmp_path / "networks")
    export_tflite(small, audio_seconds=5.5, output=networks / "small.tflite")
    names = ["onnx", "tflite"]
    found = evaluate(
        small, backends=names, audio_contexts=[1500, 768], exported=networks, num_samples=1, n_threads=1
    )
    rows = [(one.setup.backend, one.setup.audio_context, one.weights, one.error) for one in found.results]
    assert rows == [("onnx", 275, "int8", ""), ("tflite", 275, "f32", "")]
    others = evaluate(tiny_en, backends=names, exported=networks, num_samples=1)
    for one in others.results:
        assert "was made of ggml-small-one.bin, and" in one.error


def test_recordings_that_cannot_be_heard_are_counted(small: Path, folder: Path) -> None:
    found = evaluate(small, folder, audio_contexts=[275], n_threads=1)
    assert [one.name for one in found.results[0].heard] == ["garden.opus"]
    why = {one.name: one.why for one in found.skipped}
    assert set(why) == {"broken.wav", "silent.mp3"}
    assert "silent.txt is not beside it" in why["silent.mp3"] and "broken.wav" in why["broken.wav"]


def test_a_setup_that_cannot_run_is_a_row_that_says_why(small: Path, folder: Path) -> None:
    found = evaluate(
        small, folder, backends=["onnx", "openvino", "ggml"], audio_contexts=["auto", 512],
        exported=folder, n_threads=1,
    )  # fmt: skip
    why = {str(one.setup): one.error for one in found.results}
    assert "takes one length of sound; give a number" in why["small-one onnx auto"]
    assert "there is no IR of the encoder at" in why["small-one openvino 512"]
    assert why["small-one ggml auto"] == why["small-one ggml 512"] == ""
    assert found.ok


def test_an_english_model_and_another_language(small: Path, folder: Path) -> None:
    found = evaluate(small, folder, language="de")
    assert "knows English only, and the recordings are in: de" in found.results[0].error
    assert not found.ok


def test_what_makes_no_sense_is_refused_before_the_work(small: Path, folder: Path) -> None:
    with pytest.raises(OptionError, match="backend='cuda': one of ggml, openvino, onnx, tflite"):
        evaluate(small, folder, backends=["cuda"])
    with pytest.raises(OptionError, match="audio_context=1501"):
        evaluate(small, folder, audio_contexts=[1501])
    with pytest.raises(OptionError, match=r"broken\.wav: language='xx' is none that Whisper knows"):
        evaluate(small, folder, language="xx")
    with pytest.raises(OptionError, match="num_samples=0"):
        evaluate(small, folder, num_samples=0)


def test_the_end_of_a_process_is_told(small: Path) -> None:
    samples = audio.load(SHIPPED / "address.opus")
    with Process(Setup(str(small), "ggml", 64, 1)) as process:
        assert process.ask(samples, "en")["seconds"] > 0
        os.kill(process._running.pid, signal.SIGKILL)
        with pytest.raises(
            ProcessError, match="its process ended by SIGKILL; there may be too little memory"
        ):
            for _ in range(3):  # it may take an answer to notice
                process.ask(samples, "en")
    with pytest.raises(ProcessError, match=r"none\.bin: no such model file"):
        Process(Setup(str(small.with_name("none.bin")), "ggml", 64, 1))
