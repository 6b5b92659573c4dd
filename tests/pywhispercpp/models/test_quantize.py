"""Quantized models: as large as the published ones, heard right with, and whole or not there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import pywhispercpp
from pywhispercpp.errors import ModelError, OptionError, OutputError
from pywhispercpp.models import MODELS, ggml_file, resolve_model
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.quantize import KINDS, path_beside, quantize
from tests.small_model import write
from wheels.whisper_tool import QUANTIZE, NotHereError

SPOKEN = "ask what you can do for your country"


@pytest.fixture(scope="module")
def q8_0(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny.en in 8 bits."""
    target = tmp_path_factory.mktemp("models") / "ggml-tiny.en-q8_0.bin"
    assert quantize(tiny_en, target) == target
    return target


@pytest.mark.parametrize("kind", ["q8_0", "q5_1"])
def test_the_size_is_that_of_the_published_file(kind: str, tiny_en: Path, tmp_path: Path) -> None:
    made = quantize(tiny_en, tmp_path / "x.bin", kind)
    assert made.stat().st_size == MODELS[f"tiny.en-{kind}"].size
    assert [path.name for path in tmp_path.iterdir()] == ["x.bin"]


def test_whisper_cpp_hears_right_with_it(q8_0: Path, jfk: Path) -> None:
    with pywhispercpp.Model(str(q8_0), n_threads=2) as model:
        said = " ".join(segment.text for segment in model.transcribe(jfk))
    assert SPOKEN in " ".join(said.lower().replace(",", "").split())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith("K")])
def test_every_kind_loads_and_is_close_to_what_it_was_made_of(
    kind: str, tiny_en: Path, tmp_path: Path
) -> None:
    made = quantize(tiny_en, tmp_path / "x.bin", kind)
    assert ggml_file.check(made).weight_type.name == kind
    name = "encoder.blocks.0.mlp.0.weight"
    with GgmlTensors(tiny_en) as before, GgmlTensors(made) as after:
        error = np.linalg.norm(after[name] - before[name]) / np.linalg.norm(before[name])
        # Half a step of the largest of 32 numbers, whatever the bits: 8 bits are 16 times finer than 4.
        assert 0 < error < {"8": 0.01, "5": 0.08, "4": 0.15}[kind[1]]
    pywhispercpp.Model(str(made)).close()


def test_all_but_the_matrices_stays_as_it_was(q8_0: Path, tiny_en: Path) -> None:
    with GgmlTensors(tiny_en) as before, GgmlTensors(q8_0) as after:
        assert list(after) == list(before)
        kept = [name for name in before if after.places[name].kind == before.places[name].kind]
        assert {"encoder.conv1.weight", "encoder.conv1.bias", "decoder.positional_embedding"} <= set(kept)
        assert not [name for name in kept if name.endswith("attn.query.weight")]
        for name in kept:
            assert np.array_equal(before[name], after[name]), name
    head = ggml_file.check(q8_0)
    assert (head.ftype, head.quantization_version) == (KINDS["q8_0"], 2)


def test_what_is_quantized_is_not_quantized_again(q8_0: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"its matrices are q8_0 already; quantize the f16 model"):
        quantize(q8_0, tmp_path / "x.bin", "q5_0")
    assert list(tmp_path.iterdir()) == []


def test_rows_that_are_no_whole_blocks_are_refused(tiny_en: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"rows of 384 are no whole blocks of q4_K.*; take one of q4_0, .*q8_0"
    ):
        quantize(tiny_en, tmp_path / "x.bin", "q4_K")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_kind_gets_the_list(tiny_en: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"kind='q3': one of f16, q4_0, .*q8_0"):
        quantize(tiny_en, tmp_path / "x.bin", "q3")


class Interrupted:
    """Progress of somebody who loses patience in the middle."""

    def at(self, done: int, total: int | None) -> None:
        if total is not None and done > total // 2:
            raise KeyboardInterrupt

    def note(self, message: str) -> None:
        """Nothing is noted."""


def test_an_older_file_stays_until_the_new_one_is_whole(tiny_en: Path, q8_0: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.bin"
    target.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt):
        quantize(tiny_en, target, progress=Interrupted())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x.bin", b"older")]
    # What the interrupted attempt left is no beginning of the next.
    assert quantize(tiny_en, target).read_bytes() == q8_0.read_bytes()


def test_progress_is_told_to_the_end(tiny_en: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []

    class Listener(Interrupted):
        def at(self, done: int, total: int | None) -> None:
            seen.append((done, total))

    quantize(tiny_en, tmp_path / "x.bin", progress=Listener())
    size = tiny_en.stat().st_size
    assert seen == sorted(seen) and len(seen) > 100
    assert seen[-1] == (size, size)


def test_a_model_is_never_replaced_by_what_is_made_of_it(tmp_path: Path) -> None:
    model = write(tmp_path / "ggml-mine.bin")
    before = model.read_bytes()
    (tmp_path / "link.bin").symlink_to(model)
    for target in (model, tmp_path / "link.bin"):
        with pytest.raises(OptionError, match="would take the place of the model it is made of"):
            quantize(model, target)
    assert model.read_bytes() == before


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    model = write(tmp_path / "ggml-mine.bin")
    with pytest.raises(OutputError, match=r"none/x\.bin: cannot be written: No such file or directory"):
        quantize(model, tmp_path / "none" / "x.bin")


@pytest.mark.parametrize("kind", ["q8_0", "f16"])
def test_an_f32_model_becomes_one_that_runs(tmp_path: Path, jfk: Path, kind: str) -> None:
    """whisper-quantize leaves its convolutions in f32, and whisper.cpp can load no such file."""
    f32 = write(tmp_path / "ggml-f32.bin", ftype=0)
    made = quantize(f32, tmp_path / "x.bin", kind)
    header = ggml_file.check(made)
    assert (header.weight_type.name, header.quantization_version) == (kind, 0 if kind == "f16" else 2)
    with GgmlTensors(f32) as before, GgmlTensors(made) as after:
        for name in before:
            assert np.allclose(before[name], after[name], rtol=1e-3, atol=0.01 * np.abs(before[name]).max())
        assert np.array_equal(
            after["encoder.conv1.weight"], before["encoder.conv1.weight"].astype(np.float16).astype("f4")
        )
    with pywhispercpp.Model(made, n_threads=1) as model:
        assert np.isfinite(model.encode(jfk, 64)).all()


def test_f16_stays_f16(tmp_path: Path) -> None:
    model = write(tmp_path / "ggml-mine.bin")
    with pytest.raises(ModelError, match="its matrices are f16 already"):
        quantize(model, tmp_path / "again.bin", "f16")


def test_the_place_beside_the_model_is_found_by_name(tmp_path: Path) -> None:
    model = write(tmp_path / "ggml-mine.bin")
    made = quantize(model, path_beside(model, "Q5_0"), "Q5_0")
    assert made.name == "ggml-mine-q5_0.bin"
    assert resolve_model("mine-q5_0", tmp_path) == made


@pytest.fixture(scope="module")
def whisper_quantize() -> Path:
    """Upstream's own program, made once."""
    try:
        return QUANTIZE.build()
    except NotHereError as missing:
        pytest.skip(str(missing))


def same_bytes(program: Path, model: Path, kind: str, folder: Path, n_threads: int) -> None:
    """Have both quantize; compare."""
    ours = quantize(model, folder / "ours.bin", kind, n_threads=n_threads)
    theirs = folder / "theirs.bin"
    subprocess.run([program, model, theirs, kind.lower()], check=True, capture_output=True, timeout=120)
    assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith("K")])
def test_the_bytes_are_those_of_whisper_quantize(
    whisper_quantize: Path, tiny_en: Path, tmp_path: Path, kind: str
) -> None:
    same_bytes(whisper_quantize, tiny_en, kind, tmp_path, 2)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith("K")])
def test_so_are_those_of_the_kinds_with_blocks_of_256(
    whisper_quantize: Path, wide: Path, tmp_path: Path, kind: str
) -> None:
    same_bytes(whisper_quantize, wide, kind, tmp_path, 1)
    ggml_file.check(tmp_path / "ours.bin")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model whose rows are whole blocks of 256."""
    return write(tmp_path_factory.mktemp("wide") / "ggml-wide.bin", 256)
