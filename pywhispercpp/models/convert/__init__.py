"""Weights of Whisper networks -> the ggml file that whisper.cpp's own converter writes, byte for byte.

One description of a network (`weights`), by OpenAI's names, that every kind of source is brought to
(`sources`), and one writer (`ggml_writer`). Checked by the hashes of the official tiny.en and base.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.atomic_file import check_replaceable
from pywhispercpp.errors import ModelError, OptionError, OutputError
from pywhispercpp.models import verified_file
from pywhispercpp.models.convert import ggml_writer, sources, vocabulary
from pywhispercpp.models.convert.assets import MEL_FILTERS, asset, vocabulary_name
from pywhispercpp.models.convert.weights import Weights, header_of
from pywhispercpp.models.ggml_file import check, header_faults
from pywhispercpp.models.ggml_layout import DTYPES, FILE_TYPES
from pywhispercpp.models.paths import as_path
from pywhispercpp.models.progress import Progress, QuietProgress

__all__ = ["DTYPES", "convert", "convert_model", "default_target"]

_PLAIN = {kind.name: ftype for ftype, kind in FILE_TYPES.items() if kind.block == 1}
#: Names that say nothing about the model: their folder's does.
_NAMELESS = ("model", "pytorch_model", "model.safetensors.index", "pytorch_model.bin.index")


def convert(weights: Path, assets: Path | None, target: Path, expected: str | None = None) -> Path:
    """Write the f16 ggml file of `weights` to `target`; memory stays at one tensor.

    `assets` holds `mel_filters.npz` and the vocabulary as openai-whisper ships them; None for pinned ones.
    Written beside `target`, checked (structure, and the hash `expected` as `algorithm:hex` if given), then
    renamed. Raises ModelError for a source that is no such model or a result that is not the expected file.
    """
    file = sources.file_of(weights)
    return _convert(file, assets, target, "f16", expected, QuietProgress())


def convert_model(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    dtype: str = "f16",
    assets: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the ggml file of a Whisper model's weights, whatever they are stored in; return its path.

    source: an OpenAI checkpoint (`.pt`), Hugging Face weights (safetensors or PyTorch, one file or several,
        with `config.json` and the vocabulary beside them) or a CTranslate2 model; the file or its folder.
        Its kind is told by its content, and nothing in it is run.
    target: the file to write; `default_target(source, dtype)` when None. What was there stays until the new
        file is whole and checked.
    dtype: one of DTYPES. f16 is what is published; f32 keeps float32 weights as they are; the others are
        the f16 file in fewer bits, as whisper.cpp's quantize tool makes it.
    assets: a folder with `mel_filters.npz` and OpenAI's vocabularies; fetched and kept when None.
    Raises OptionError, ModelError (what is wrong, with which tensor), DownloadError (no assets),
    MissingPackageError (no safetensors) and OutputError.
    """
    if dtype not in DTYPES:
        raise OptionError(f"dtype={dtype!r}: one of {', '.join(DTYPES)} is needed")
    path = as_path("source", source)
    file = sources.file_of(path)
    wanted = default_target(path, dtype) if target is None else as_path("target", target)
    folder = None if assets is None else as_path("assets", assets)
    check_replaceable(wanted)
    return _convert(file, folder, wanted, dtype, None, progress or QuietProgress())


def default_target(source: str | os.PathLike[str], dtype: str = "f16") -> Path:
    """The ggml file beside weights, named after them, or after their folder where they have a common name.

    >>> str(default_target("whisper/tiny.en.pt"))
    'whisper/ggml-tiny.en.bin'
    >>> str(default_target("mine/pytorch_model.bin", "q8_0"))
    'mine/ggml-mine-q8_0.bin'
    """
    path = Path(source)
    folder = path if path.is_dir() else path.parent
    name = path.stem
    if path.is_dir() or name in _NAMELESS:
        name = folder.name or folder.absolute().name
    return folder / f"ggml-{name}{'' if dtype == 'f16' else f'-{dtype}'}.bin"


def _convert(
    file: Path, assets: Path | None, target: Path, dtype: str, expected: str | None, report: Progress
) -> Path:
    with sources.opened(file) as weights:
        _keep(weights.files, target)
        write = _writer(weights, assets, dtype, report)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if dtype in _PLAIN:
                return verified_file.make(target, file, write, expected, check)
            return _quantized(file, write, target, dtype, report)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error


def _writer(
    weights: Weights, assets: Path | None, dtype: str, report: Progress
) -> Callable[[BinaryIO], None]:
    """What writes the file; everything that can be wrong but the numbers is looked at before."""
    header = header_of(weights, _PLAIN.get(dtype, _PLAIN["f16"]))
    if faults := header_faults(header):
        raise ModelError(f"{weights.path}: no network that whisper.cpp computes: {'; '.join(faults[:3])}")
    kind = next(kind for kind in FILE_TYPES.values() if kind.name == dtype)
    if header.n_audio_state % kind.block:
        raise ModelError(f"{weights.path}: rows of {header.n_audio_state} are no whole blocks of {dtype}")
    ggml_writer.look_at(weights, header)
    if weights.tokens is None:
        tokens = vocabulary.of_tiktoken(asset(vocabulary_name(header.n_vocab), report, assets))
        tokens = vocabulary.ended(tokens, header.n_vocab, weights.path)
    else:
        tokens = vocabulary.written(weights.tokens, header.n_vocab, weights.path)
    filters = asset(MEL_FILTERS, report, assets)
    layers = f"{header.n_audio_layer} + {header.n_text_layer} layers of {header.n_audio_state} channels"
    report.note(f"{weights.path}: {layers}, {header.n_vocab} tokens; converting to {dtype}")
    return lambda out: ggml_writer.write(weights, header, filters, tokens, out, report)


def _keep(files: tuple[Path, ...], target: Path) -> None:
    for file in files:
        if target.exists() and target.samefile(file):
            raise OptionError(
                f"target={str(target)!r}: that is what the model is made of; choose another name"
            )


def _quantized(
    file: Path, write: Callable[[BinaryIO], None], target: Path, dtype: str, report: Progress
) -> Path:
    from pywhispercpp.models.quantize import quantize  # here: it loads the extension module

    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        whole = verified_file.make(Path(folder) / "f16.bin", file, write, None, check)
        made = quantize(whole, Path(folder) / target.name, dtype, progress=report)
        check(made)
        return made.replace(target)
