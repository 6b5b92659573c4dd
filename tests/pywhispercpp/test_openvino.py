"""OpenVINO's encoder: chosen where it is there, refused in plain words where not, never a silent answer."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pywhispercpp
from pywhispercpp import (
    BackendError,
    Model,
    ModelError,
    OptionError,
    TranscriptionError,
    _core,
    openvino_ir,
    openvino_runtime,
)
from pywhispercpp.models.export import export_openvino
from pywhispercpp.options import Option
from scripts import fetch_openvino
from scripts.pins import OPENVINO
from toolchains.profiles import machine

pytestmark = pytest.mark.skipif(machine() not in ("x86_64", "aarch64"), reason="no OpenVINO for this machine")

WORDS = "ask what you can do for your country"
VERSIONS = sorted(version for version, archs in OPENVINO["wheels"].items() if machine() in archs)


@pytest.fixture(scope="module")
def exported(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny.en and its IR."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / tiny_en.name).symlink_to(tiny_en)
    export_openvino(folder / tiny_en.name)
    return folder / tiny_en.name


@pytest.fixture(scope="module")
def static(exported: Path) -> Path:
    """An IR of the same model for one audio context, 600."""
    return export_openvino(exported, audio_context=600, output=exported.parent / "static.xml")


@pytest.fixture(scope="module")
def model(exported: Path) -> Model:
    """The model with OpenVINO's encoder."""
    return Model(exported, backend="openvino", n_threads=1, temperature_inc=0.0)


@pytest.fixture
def without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has no package openvino, on a system that has none either."""
    monkeypatch.delenv("OPENVINO_LIB_DIR", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)


def text(model: Model, media: Any, **options: Any) -> str:  # noqa: ANN401
    return "".join(segment.text for segment in model.transcribe(media, **options))


def with_encoder(model: Path, ir: Path) -> _core.Context:
    """A context that encodes with this IR, behind Model's back."""
    openvino_runtime.load()
    pywhispercpp.backend_info()  # loads ggml's CPU code, where that is a library of its own
    context = _core.Context(os.fsencode(model), _core.ContextParams())
    _core.use_openvino(context, os.fsencode(ir), "CPU", "", b"", 1)
    return context


def test_auto_takes_openvino_where_runtime_and_ir_are_there(exported: Path, jfk: Path) -> None:
    model = Model(exported, n_threads=1)
    info = model.backend_info()
    assert (info.backend, info.device, info.audio_ctx) == ("openvino", "CPU", (1, 1500))
    assert info.ir == str(openvino_ir.path_beside(exported))
    assert "libopenvino_c" in info.library and info.version[:3] == "202"
    assert info.precision in ("f32", "bf16", "f16")
    assert info.reason and info.cpu == pywhispercpp.backend_info()
    assert WORDS in text(model, jfk)


def test_auto_takes_ggml_where_there_is_no_ir_and_says_so(tiny_en: Path, tmp_path: Path) -> None:
    alone = tmp_path / "ggml-alone.bin"
    alone.symlink_to(tiny_en)
    info = Model(alone).backend_info()
    assert info.backend == "ggml"
    assert f"no IR of the encoder at {tmp_path}/ggml-alone-encoder-openvino.xml" in info.reason
    assert not (info.device or info.precision or info.ir or info.library or info.version)
    assert [path.name for path in tmp_path.iterdir()] == ["ggml-alone.bin"]  # no cache folder


@pytest.mark.usefixtures("without_openvino")
def test_auto_takes_ggml_where_there_is_no_runtime_and_says_so(exported: Path) -> None:
    info = Model(exported).backend_info()
    assert info.backend == "ggml"
    assert "pip install openvino" in info.reason


def test_openvino_by_name_needs_an_ir(tiny_en: Path, tmp_path: Path) -> None:
    alone = tmp_path / "ggml-alone.bin"
    alone.symlink_to(tiny_en)
    with pytest.raises(BackendError, match=r"pywhispercpp models export openvino .*ggml-alone\.bin"):
        Model(alone, backend="openvino")


@pytest.mark.usefixtures("without_openvino")
def test_openvino_by_name_needs_the_runtime(exported: Path) -> None:
    with pytest.raises(BackendError, match="pip install openvino"):
        Model(exported, backend="openvino")


@pytest.mark.usefixtures("without_openvino")
def test_all_that_is_missing_is_named_at_once(tiny_en: Path, tmp_path: Path) -> None:
    alone = tmp_path / "ggml-alone.bin"
    alone.symlink_to(tiny_en)
    with pytest.raises(BackendError, match=r"models export openvino.*pip install openvino"):
        Model(alone, backend="openvino")


def test_ggml_by_name_leaves_the_ir_alone(exported: Path) -> None:
    info = Model(exported, backend="ggml").backend_info()
    assert (info.backend, info.reason) == ("ggml", "asked for by backend='ggml'")


def test_an_ir_of_another_model_is_refused_by_name(exported: Path, tmp_path: Path) -> None:
    other = tmp_path / "ggml-other.bin"
    data = bytearray(exported.read_bytes())
    data[-1] ^= 1  # one bit of one weight
    other.write_bytes(data)
    ir = openvino_ir.path_beside(exported)
    with pytest.raises(ModelError, match=r"was made of ggml-tiny\.en\.bin .*ggml-other\.bin is another file"):
        Model(other, backend="openvino", openvino_model_path=str(ir))


def test_auto_warns_about_an_ir_of_another_model(
    exported: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "ggml-other.bin"
    data = bytearray(exported.read_bytes())
    data[-1] ^= 1
    other.write_bytes(data)
    for kind in (".xml", ".bin"):
        source = openvino_ir.path_beside(exported).with_suffix(kind)
        shutil.copy(source, openvino_ir.path_beside(other).with_suffix(kind))
    with caplog.at_level(logging.WARNING, "pywhispercpp"):
        info = Model(other).backend_info()
    assert info.backend == "ggml" and "ggml-tiny.en.bin" in info.reason
    assert "ggml-tiny.en.bin" in caplog.text


def test_an_ir_without_a_name_must_have_the_shape(exported: Path, tmp_path: Path) -> None:
    ir = openvino_ir.path_beside(exported)
    nameless = tmp_path / "nameless.xml"
    shutil.copy(ir.with_suffix(".bin"), nameless.with_suffix(".bin"))
    nameless.write_text(
        ir.read_text().replace("<pywhispercpp>", "<other>").replace("</pywhispercpp>", "</other>")
    )
    assert Model(exported, openvino_model_path=str(nameless)).backend_info().backend == "openvino"
    nameless.write_text(nameless.read_text().replace('"1,80,2..3000"', '"1,128,2..3000"'))
    with pytest.raises(ModelError, match="128 mel bands"):
        Model(exported, openvino_model_path=str(nameless))


@pytest.mark.parametrize("content", ["", "<net", "<html></html>", "<net><layers/></net>"])
def test_what_is_no_ir_is_refused(exported: Path, tmp_path: Path, content: str) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text(content)
    with pytest.raises(ModelError, match=r"bad\.xml"):
        Model(exported, backend="openvino", openvino_model_path=str(bad))


def test_an_ir_without_its_weights_is_refused(exported: Path, tmp_path: Path) -> None:
    shutil.copy(openvino_ir.path_beside(exported), tmp_path / "half.xml")
    with pytest.raises(BackendError, match=r"reading .*half\.xml"):
        Model(exported, backend="openvino", openvino_model_path=str(tmp_path / "half.xml"))


def test_an_ir_that_is_named_must_be_there(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"no IR of the encoder at .*gone\.xml"):
        Model(exported, openvino_model_path=str(tmp_path / "gone.xml"))


def test_a_device_that_is_not_there_is_named(exported: Path) -> None:
    with pytest.raises(BackendError, match="device TOASTER"):
        Model(exported, backend="openvino", device="TOASTER")


def test_a_precision_that_the_device_has_not_is_refused(exported: Path) -> None:
    lacking = {"x86_64": "f16", "aarch64": "bf16"}[machine()]
    with pytest.raises(BackendError, match=f"precision='{lacking}': the device CPU computes in"):
        Model(exported, backend="openvino", precision=lacking)


def test_the_precision_is_what_was_asked_for(exported: Path) -> None:
    assert Model(exported, backend="openvino", precision="f32").backend_info().precision == "f32"


@pytest.mark.parametrize(
    "options", [{"backend": "cuda"}, {"precision": "f64"}, {"device": ""}, {"device": 3}, {"backend": None}]
)
def test_settings_that_can_be_none_are_refused(exported: Path, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        Model(exported, **options)


def test_pywhispercpp_15s_settings_work(exported: Path, static: Path, tmp_path: Path) -> None:
    model = Model(
        exported,
        use_openvino=True,
        openvino_model_path=str(static),
        openvino_device="CPU",
        openvino_cache_dir=str(tmp_path / "cache"),
    )
    info = model.backend_info()
    assert (info.backend, info.ir, info.device) == ("openvino", str(static), "CPU")
    assert any((tmp_path / "cache").iterdir())


def test_nothing_is_cached_unless_asked(exported: Path, model: Model, jfk: Path) -> None:
    assert WORDS in text(model, jfk)
    assert not [path for path in exported.parent.iterdir() if path.is_dir()]


def test_a_static_ir_serves_its_own_audio_context_only(exported: Path, static: Path, jfk: Path) -> None:
    model = Model(exported, openvino_model_path=str(static), n_threads=1, temperature_inc=0.0)
    assert model.backend_info().audio_ctx == (600, 600)
    assert WORDS in text(model, jfk, audio_ctx=600)
    assert WORDS in text(model, jfk, audio_ctx="auto")
    with pytest.raises(OptionError, match=r"audio_ctx=0 .*1500.*audio_ctx=600 only"):
        model.transcribe(jfk, audio_ctx=0)
    with pytest.raises(OptionError, match="audio_ctx=512"):
        model.encode(jfk, audio_ctx=512)
    assert model.encode(jfk, audio_ctx=600).shape == (600, 384)


def test_a_reduced_audio_context_works(model: Model, jfk: Path) -> None:
    assert WORDS in text(model, jfk, audio_ctx=577)


def test_an_encoder_that_fails_fails_the_transcription(
    exported: Path, static: Path, speech: NDArray[np.float32], capfd: pytest.CaptureFixture[str]
) -> None:
    context = with_encoder(exported, static)
    params = _core.Params(0)  # Model would refuse: the whole context, and an IR for 600
    with pytest.raises(TranscriptionError, match=r"while encoding .*OpenVINO failed while"):
        _core.full(context, params, speech)
    params.audio_ctx = 600
    assert _core.full(context, params, speech).segments  # and the model can still be used
    assert capfd.readouterr() == ("", "")


def test_openvinos_messages_reach_logging(
    exported: Path, static: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    context = with_encoder(exported, static)
    with caplog.at_level(logging.ERROR, "pywhispercpp"), pytest.raises(TranscriptionError):
        _core.encode(context, np.zeros(16000, np.float32), 1500, 1)
    assert "OpenVINO failed while" in caplog.text
    assert capfd.readouterr() == ("", "")


_VERBOSE = """
import logging, sys
from pywhispercpp import Model
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
Model(sys.argv[1], backend="openvino", device="AUTO")
"""


def test_what_openvino_would_print_reaches_logging(exported: Path) -> None:
    env = {**os.environ, "OPENVINO_LOG_LEVEL": "5"}  # the device AUTO then tells each of its steps
    command = [sys.executable, "-I", "-c", _VERBOSE, str(exported)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=True)
    assert "pywhispercpp:OpenVINO: [" in done.stderr
    assert done.stdout == ""


def test_an_abort_callback_stops_the_encoder_itself(exported: Path, jfk: Path) -> None:
    model = Model(exported, backend="openvino", precision="f32", n_threads=1, temperature_inc=0.0)
    model.encode(jfk)  # the first is slower
    model.reset_timings()
    model.encode(jfk)
    if model.timings()["encode_ms"] < 75:
        pytest.skip("this machine encodes before the callback is asked (every 50 ms)")
    model.reset_timings()
    assert model.transcribe(jfk, abort_callback=lambda: True) == []
    assert model.timings()["encode_ms"] == 0  # not one encoding came to its end
    assert WORDS in text(model, jfk)


def test_processors_share_the_encoder(model: Model, jfk: Path) -> None:
    assert "country" in text(model, jfk, n_processors=2).lower()


def test_another_number_of_threads_is_obeyed(exported: Path, jfk: Path) -> None:
    model = Model(exported, backend="openvino", n_threads=1, temperature_inc=0.0)
    assert _core.encoder_property(model._ctx, "INFERENCE_NUM_THREADS") == "1"
    assert WORDS in text(model, jfk, n_threads=2)
    assert _core.encoder_property(model._ctx, "INFERENCE_NUM_THREADS") == "2"


def test_a_closed_model_lets_the_encoder_go(exported: Path) -> None:
    model = Model(exported, backend="openvino")
    model.close()
    with pytest.raises(ModelError, match="closed"):
        model.encode(np.zeros(16000, np.float32))


_SCRIPT = """
import json, sys
from pywhispercpp import Model
model = Model(sys.argv[1], backend="openvino", n_threads=1, temperature_inc=0.0)
info = model.backend_info()
text = "".join(segment.text for segment in model.transcribe(sys.argv[2]))
print(json.dumps([info.library, info.version, text]))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_one_wheel_runs_with_every_version(exported: Path, jfk: Path, version: str) -> None:
    libraries = fetch_openvino.fetch(version) / "libs"
    env = {**os.environ, "OPENVINO_LIB_DIR": str(libraries)}
    command = [sys.executable, "-I", "-c", _SCRIPT, str(exported), str(jfk)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    library, found, words = json.loads(done.stdout)  # nothing but this on standard output
    assert Path(library).parent.resolve() == libraries.resolve()
    assert found.startswith(version) and WORDS in words


@pytest.mark.usefixtures("without_openvino")
def test_a_toolkit_on_the_loaders_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libopenvino_c.so.2340", "libopenvino_c.so.2641", "libopenvino.so.2641"):
        (tmp_path / name).touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/nowhere::{tmp_path}")
    assert openvino_runtime.find() == str(tmp_path / "libopenvino_c.so.2641")


def test_there_are_two_versions_to_run_with() -> None:
    assert len(VERSIONS) >= 2


def test_a_folder_without_the_library_is_named(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENVINO_LIB_DIR", str(tmp_path))
    with pytest.raises(BackendError, match=f"OPENVINO_LIB_DIR={tmp_path}: there is no libopenvino_c"):
        Model(exported, backend="openvino")


def test_a_library_that_is_none_is_refused(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "libopenvino_c.so").write_bytes(b"no library")
    env = {**os.environ, "OPENVINO_LIB_DIR": str(tmp_path)}
    command = [sys.executable, "-I", "-c", _SCRIPT, str(exported), "x.wav"]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    assert "BackendError: OpenVINO cannot be loaded" in done.stderr
    assert "invalid ELF header" in done.stderr or "file too short" in done.stderr


def test_the_wheel_needs_nothing_of_openvino(wheel: Path) -> None:
    from wheels import archive

    needed = [name for library in archive.load(wheel).libraries for name in library.needed]
    assert not [name for name in needed if "openvino" in name]


def test_auto_audio_ctx_is_an_option_like_the_others(model: Model, jfk: Path) -> None:
    assert WORDS in text(model, jfk, audio_ctx="auto")
    assert model.get_params()["audio_ctx"] == "auto"
    assert WORDS in text(model, jfk, audio_ctx=0)
    with pytest.raises(OptionError, match="a whole number or 'auto' is needed"):
        model.transcribe(jfk, audio_ctx="most")


@pytest.fixture
def words() -> Iterator[Option]:
    """An option that takes a word."""
    yield Option("size", int, 0, "", 0, 9, words=(("all", -1),))


def test_a_word_stands_for_a_number(words: Option) -> None:
    assert (words.check("all"), words.shown(-1), words.check(3), words.shown(3)) == (-1, "all", 3, 3)
    with pytest.raises(OptionError):
        words.check(-1)
