"""Quantized models: as large as the published ones, heard right with, and whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pywhispercpp
from pywhispercpp.errors import ModelError, OptionError
from pywhispercpp.models import MODELS, ggml_file
from pywhispercpp.models.ggml_tensors import GgmlTensors
from pywhispercpp.models.quantize import KINDS, quantize

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
    with pytest.raises(ModelError, match=r"rows of 384 are no whole blocks of q4_K"):
        quantize(tiny_en, tmp_path / "x.bin", "q4_K")


def test_an_unknown_kind_gets_the_list(tiny_en: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"kind='q3': one of q4_0, .*q8_0"):
        quantize(tiny_en, tmp_path / "x.bin", "q3")


def test_an_older_file_stays_until_the_new_one_is_whole(
    tiny_en: Path, q8_0: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.bin"
    target.write_bytes(b"older")
    from pywhispercpp.models import quantize as module

    def fail(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "_quantized", fail)
        quantize(tiny_en, target)
    assert target.read_bytes() == b"older"
    # What the interrupted attempt left is no beginning of the next.
    assert quantize(tiny_en, target).read_bytes() == q8_0.read_bytes()
