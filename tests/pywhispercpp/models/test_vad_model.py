"""The VAD model: where it comes from, that it is found without a network, and that it is no Whisper model."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pywhispercpp import Model
from pywhispercpp.cli import main
from pywhispercpp.constants import AVAILABLE_MODELS
from pywhispercpp.errors import DownloadError, ModelError, ModelNotFoundError
from pywhispercpp.models import index, resolve_model, vad_model
from pywhispercpp.models.convert.silero import convert
from pywhispercpp.models.download import download
from pywhispercpp.models.hashes import matches
from pywhispercpp.models.registry import MODELS, VAD, url

FILE = "ggml-silero-v6.2.0.bin"
COMMAND = "pywhispercpp models download silero-vad"


@pytest.fixture
def folder(silero: Path, tmp_path: Path) -> Path:
    """A models folder that holds the model."""
    (tmp_path / FILE).symlink_to(silero)
    return tmp_path


def no_road(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the hub nor the package index can be reached."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def test_it_is_upstreams_file_by_its_hash(silero: Path) -> None:
    assert silero.name == FILE
    assert matches(silero, MODELS[VAD].hash) and silero.stat().st_size == MODELS[VAD].size
    assert url(MODELS[VAD]).endswith(f"/ggml-org/whisper-vad/resolve/main/{FILE}")


def torchscript(silero: Path) -> bytes:
    """An archive as Silero publishes it, with the numbers of the ggml file: float16 to float32 loses none."""
    model, at = silero.read_bytes(), 4 + 4 + 10 + 4 * (3 + 3 + 12 + 4)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in (*range(3, 17), 2):
            n_dims, length, kind = struct.unpack_from("<3i", model, at)
            dims = struct.unpack_from(f"<{n_dims}i", model, at + 12)
            at += 12 + 4 * n_dims + length
            numbers = np.frombuffer(model, ("<f4", "<f2")[kind], int(np.prod(dims)), at)
            archive.writestr(f"VAD/data/{number}", numbers.astype("<f4").tobytes())
            at += numbers.nbytes
    assert at == len(model)
    return out.getvalue()


def wheel_of(jit: bytes, folder: Path) -> index.PinnedWheel:
    """A wheel with these weights in it, in `folder`."""
    path = folder / "silero_vad-6.2.0-py3-none-any.whl"
    info = "silero_vad-6.2.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("silero_vad/data/silero_vad.jit", jit)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: silero-vad\nVersion: 6.2.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return index.PinnedWheel("silero-vad", "6.2.0", digest, ("silero_vad/data/silero_vad.jit",))


def test_the_index_road_gives_the_same_file(
    silero: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_road(monkeypatch)
    shelf, target = tmp_path / "shelf", tmp_path / "models"
    shelf.mkdir()
    monkeypatch.setitem(index.RECIPES, VAD, index.Recipe((wheel_of(torchscript(silero), shelf),)))
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    path = download("silero-v6.2.0", target)  # upstream's name for it
    assert path.read_bytes() == silero.read_bytes()
    assert list(target.iterdir()) == [path]


def test_other_weights_are_refused(silero: Path, tmp_path: Path) -> None:
    jit = tmp_path / "other.jit"
    jit.write_bytes(torchscript(silero))
    with pytest.raises(ModelError, match="converted to sha256:"):
        convert(jit, tmp_path / FILE, "sha256:" + "0" * 64, "6.2.0")
    assert list(tmp_path.iterdir()) == [jit]


@pytest.mark.parametrize("content", [b"", b"\0" * 264192, b"\0" * 6])
def test_what_holds_no_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    jit = tmp_path / "other.jit"
    with zipfile.ZipFile(jit, "w") as archive:
        archive.writestr("other/data/3", content)
    with pytest.raises(ModelError, match="no Silero VAD weights"):
        convert(jit, tmp_path / FILE, MODELS[VAD].hash, "6.2.0")
    assert list(tmp_path.iterdir()) == [jit]


def test_what_is_here_needs_no_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_road(monkeypatch)
    here = folder / FILE
    assert vad_model(models_dir=folder) == here
    assert vad_model(VAD, folder, download=False) == here
    assert vad_model("silero-v6.2.0", folder) == here
    assert vad_model(here) == vad_model(os.fsencode(here)) == here


def test_what_is_missing_is_downloaded_or_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelNotFoundError, match=COMMAND):
        vad_model(models_dir=tmp_path, download=False)
    no_road(monkeypatch)
    with pytest.raises(DownloadError, match=COMMAND):
        vad_model(models_dir=tmp_path)
    with pytest.raises(ModelNotFoundError, match="no such VAD model"):
        vad_model("silero-v9", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_network_at_all(folder: Path, without_network: list[str]) -> None:
    program = "from pywhispercpp.models import vad_model; print(vad_model())"
    environment = {**os.environ, "PYWHISPERCPP_MODELS_DIR": str(folder)}
    command = [*without_network, sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(folder / FILE)


def test_another_model_or_half_a_file_is_no_vad_model(silero: Path, tiny_en: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"no Silero VAD model.*{COMMAND}"):
        vad_model(tiny_en)
    (tmp_path / FILE).write_bytes(silero.read_bytes()[:-1])
    with pytest.raises(ModelError, match="cut short"):
        vad_model(models_dir=tmp_path)
    with pytest.raises(ModelNotFoundError):
        vad_model(tmp_path)


def test_it_is_no_whisper_model(silero: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in (VAD, "silero-v5.1.2", str(silero), silero):
        with pytest.raises(ModelError, match="writes no text"):
            Model(model)
    with pytest.raises(ModelError, match="vad=True"):
        resolve_model(VAD, folder)
    assert main(["models", "export", "openvino", VAD, "--models-dir", str(folder)]) == 1
    assert "writes no text" in capsys.readouterr().err
    assert VAD not in AVAILABLE_MODELS and "tiny.en" in AVAILABLE_MODELS


def test_the_command_line_lists_finds_and_downloads_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = str(folder / FILE)
    assert main(["models", "list", "--models-dir", str(folder)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert f"here: {here}" in lines[VAD] and " 1 MB" in lines[VAD]
    for action in ("path", "download"):
        assert main(["models", action, VAD, "--models-dir", str(folder)]) == 0
        assert capsys.readouterr().out == f"{here}\n"


def test_every_recipe_is_of_a_published_model() -> None:
    assert set(index.RECIPES) <= set(MODELS)
