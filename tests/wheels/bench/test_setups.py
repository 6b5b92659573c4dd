"""What is compared: environments that are made once, models that are not the user's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts.errors import BuildError
from wheels.bench import environments
from wheels.bench.setups import Setups, newest


@pytest.fixture
def setups(wheel: Path, tmp_path: Path, tiny_en: Path) -> Setups:
    """Rows for the wheel under test, which is installed where pytest runs."""
    made = Setups(wheel, Path(sys.executable), "tiny.en", 1, tmp_path)
    vars(made)["_python"] = Path(sys.executable)  # a cached property: no second environment is made
    return made


def test_ggml_runs_on_a_model_of_its_own(setups: Setups, tiny_en: Path) -> None:
    row = setups.ours("f16", "ggml", {"max_tokens": 1})
    model = Path(row.settings["model"])
    assert (row.label, row.settings["backend"], row.options) == ("f16", "ggml", {"max_tokens": 1})
    assert model.parent == setups.folder / "models"
    assert model.samefile(tiny_en)


def test_a_quantized_model_is_made_once(setups: Setups) -> None:
    model = Path(setups.ours("q8_0", "ggml", {}, kind="q8_0").settings["model"])
    written = model.stat().st_mtime_ns
    assert model.name == "ggml-tiny.en-q8_0.bin"
    assert Path(setups.ours("again", "ggml", {}, kind="q8_0").settings["model"]) == model
    assert model.stat().st_mtime_ns == written


def test_openvino_takes_an_ir_that_is_beside_no_model_of_the_user(setups: Setups, tiny_en: Path) -> None:
    pytest.importorskip("openvino", reason="exporting an IR needs openvino")
    row = setups.ours("bf16", "bf16", {})
    ir = Path(row.settings["openvino_model_path"])
    assert (row.settings["backend"], row.settings["precision"]) == ("openvino", "bf16")
    assert ir.is_file() and ir.parent == setups.folder / "models"


def test_the_newest_native_wheel_is_ours(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="has no native wheel; run: nox -s build_wheel, or give --wheel"):
        newest(tmp_path)
    tag = f"cp311-cp311-linux_{os.uname().machine}.whl"
    names = [f"pywhispercpp-1.5-1native-{tag}", f"pywhispercpp-1.4-1native-{tag}", f"pywhispercpp-1.6-{tag}"]
    for age, name in enumerate(names):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    assert newest(tmp_path).name == names[1]


def test_an_environment_is_kept_until_its_stamp_changes(wheel: Path, tmp_path: Path) -> None:
    words = ["--no-deps", str(wheel)]
    python = environments._environment("ours", words, "one", Path(sys.executable), tmp_path)
    assert (environments.libraries(python) / "pywhispercpp" / "__init__.py").is_file()
    (tmp_path / "ours" / "kept").touch()
    environments._environment("ours", words, "one", Path(sys.executable), tmp_path)
    assert (tmp_path / "ours" / "kept").exists()
    environments._environment("ours", words, "two", Path(sys.executable), tmp_path)
    assert not (tmp_path / "ours" / "kept").exists()


def test_one_that_could_not_be_made_is_made_again(wheel: Path, tmp_path: Path) -> None:
    bad = [str(tmp_path / "no.whl")]
    for _ in range(2):
        with pytest.raises(BuildError, match="pip install"):
            environments._environment("ours", bad, "one", Path(sys.executable), tmp_path)
