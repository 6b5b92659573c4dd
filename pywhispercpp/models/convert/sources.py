"""Which weights are these? Told by what is in the file, not by its name."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pywhispercpp.errors import ModelError, ModelNotFoundError, PywhispercppError
from pywhispercpp.models.convert import vocabulary
from pywhispercpp.models.convert.containers import SafetensorsFile, Shards, TorchTensors, shard_files
from pywhispercpp.models.convert.from_ctranslate2 import CTranslate2Tensors
from pywhispercpp.models.convert.json_file import read_json
from pywhispercpp.models.convert.names import by_openai_name, is_network
from pywhispercpp.models.convert.readers import ctranslate2, torch_file
from pywhispercpp.models.convert.readers.ctranslate2 import CTranslate2File
from pywhispercpp.models.convert.readers.torch_file import TorchFile
from pywhispercpp.models.convert.weights import Array, Container, Weights
from pywhispercpp.models.ggml_file import MAGIC, looks_like

__all__ = ["file_of", "opened"]

#: What a folder's weights are called, the best first.
_NAMES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model.bin",
)
_ENDINGS = ("*.safetensors", "*.safetensors.index*.json", "*.pt", "*.pth", "*.bin")
_MOST_CONFIG = 4 << 20

#: The header's names for what OpenAI's `dims` and Hugging Face's config.json say.
_DIMS = (
    "n_vocab",
    "n_audio_ctx",
    "n_audio_state",
    "n_audio_head",
    "n_audio_layer",
    "n_text_ctx",
    "n_text_state",
    "n_text_head",
    "n_text_layer",
    "n_mels",
)
_CONFIG = {
    "vocab_size": "n_vocab",
    "max_source_positions": "n_audio_ctx",
    "d_model": "n_audio_state",
    "encoder_attention_heads": "n_audio_head",
    "encoder_layers": "n_audio_layer",
    "max_target_positions": "n_text_ctx",
    "decoder_attention_heads": "n_text_head",
    "decoder_layers": "n_text_layer",
    "num_mel_bins": "n_mels",
}
#: What a network may say of itself that whisper.cpp computes in one way only.
_FIXED = {"model_type": "whisper", "scale_embedding": False, "activation_function": "gelu"}


def file_of(source: Path) -> Path:
    """The file of weights that `source` is or holds; raises ModelNotFoundError or ModelError."""
    if not source.exists():
        raise ModelNotFoundError(f"{source}: no such file or folder of weights")
    if not source.is_dir():
        if not source.is_file():
            raise ModelError(f"{source}: not a regular file; weights must be one")
        return source
    for name in _NAMES:
        if (source / name).is_file():
            return source / name
    found = sorted({path for ending in _ENDINGS for path in source.glob(ending) if path.is_file()})
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelError(
            f"{source}: which of these? {', '.join(path.name for path in found[:9])}; give the file"
        )
    raise ModelNotFoundError(f"{source}: no weights in this folder; looked for {', '.join(_NAMES)} and *.pt")


@contextmanager
def opened(path: Path) -> Iterator[Weights]:
    """The network in a file, as long as the block lasts; raises ModelError for anything that is none."""
    try:
        with ExitStack() as stack, path.open("rb") as file:
            yield _reader(path, file.read(64))(path, stack)
    except PywhispercppError:
        raise
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error


Reader = Callable[[Path, ExitStack], Weights]


def _reader(path: Path, head: bytes) -> Reader:
    if head.startswith(b"PK\x03\x04") or torch_file.is_legacy(head):
        return _of_torch
    if ctranslate2.is_whisper(head):
        return _of_ctranslate2
    if _is_safetensors(head, path.stat().st_size):
        return _of_safetensors
    if head.lstrip().startswith(b"{"):
        return _of_index
    if head.startswith(MAGIC):
        raise ModelError(
            f"{path}: a ggml file already; store it in fewer bits with: pywhispercpp models quantize"
        )
    seems = looks_like(head)
    raise ModelError(
        f"{path}: no weights{f'; it looks like {seems}' if seems else ''}. A PyTorch checkpoint, "
        "safetensors or a CTranslate2 Whisper model is needed"
    )


def _is_safetensors(head: bytes, size: int) -> bool:
    return len(head) > 8 and head[8:9] == b"{" and struct.unpack("<Q", head[:8])[0] <= size - 8


def _of_ctranslate2(path: Path, stack: ExitStack) -> Weights:
    source = stack.enter_context(CTranslate2File(path))
    tensors = CTranslate2Tensors(source)
    return Weights(path, tensors.shapes, tensors, (path,), tokens=vocabulary.of_ctranslate2(path.parent))


def _of_torch(path: Path, stack: ExitStack) -> Weights:
    file = stack.enter_context(TorchFile(path))
    table = _table(file.root, path)
    dims = file.root.get("dims") if isinstance(file.root, dict) else None
    claims = _claims(dims, {name: name for name in _DIMS}, path) if isinstance(dims, dict) else {}
    return _of_container(TorchTensors(file, table), (path,), claims)


def _table(root: object, path: Path) -> Mapping[Any, Any]:
    """The table of tensors: the checkpoint itself, or one in it."""
    tables = [root, *root.values()] if isinstance(root, dict) else []
    for table in tables:
        if isinstance(table, dict) and is_network(str(name) for name in table):
            return table
    raise ModelError(f"{path}: no Whisper network in this PyTorch checkpoint")


def _of_safetensors(path: Path, stack: ExitStack) -> Weights:
    return _of_container(SafetensorsFile(path, stack), (path,))


def _of_index(path: Path, stack: ExitStack) -> Weights:
    """The files that an index joins; each may be of either kind."""
    wanted = shard_files(path)
    files = [path.with_name(name) for name in sorted(set(wanted.values()))]
    shards = Shards(path, [_shard(file, stack) for file in files], wanted)
    return _of_container(shards, (path, *files))


def _shard(path: Path, stack: ExitStack) -> Container:
    file = file_of(path)
    with file.open("rb") as opened_file:
        head = opened_file.read(64)
    if _is_safetensors(head, file.stat().st_size):
        return SafetensorsFile(file, stack)
    if head.startswith(b"PK\x03\x04") or torch_file.is_legacy(head):
        torch = stack.enter_context(TorchFile(file))
        return TorchTensors(torch, torch.root if isinstance(torch.root, dict) else {})
    raise ModelError(f"{file}: neither safetensors nor a PyTorch checkpoint")


def _of_container(
    container: Container, files: tuple[Path, ...], claims: Mapping[str, int] | None = None
) -> Weights:
    """A network whose names are OpenAI's or Hugging Face's; the latter has its settings beside it."""
    path = container.path
    names = by_openai_name(container.shapes, path)
    shapes = {name: container.shapes[place] for name, place in names.items()}
    if any(".layers." in place for place in names.values()):
        return Weights(
            path,
            shapes,
            _Renamed(container, names),
            files,
            _config(path.parent / "config.json"),
            vocabulary.of_hugging_face(path.parent),
        )
    return Weights(path, shapes, _Renamed(container, names), files, claims or {})


class _Renamed(Mapping[str, Array]):
    """The tensors of a container by other names."""

    def __init__(self, container: Container, names: Mapping[str, str]) -> None:
        self._container = container
        self._names = names

    def __getitem__(self, name: str) -> Array:
        return self._container[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _config(path: Path) -> dict[str, int]:
    """What a config.json says of the network, by the header's names; nothing where there is none."""
    if not path.is_file():
        return {}
    config = read_json(path, _MOST_CONFIG)
    if not isinstance(config, dict):
        raise ModelError(f"{path}: no settings of a model")
    for name, value in _FIXED.items():
        if config.get(name, value) != value:
            raise ModelError(f"{path}: {name} is {_shown(config[name])}; whisper.cpp computes {value!r} only")
    return _claims(config, _CONFIG, path)


def _shown(value: object) -> str:
    """A value for a message; of what may be deep or long only its kind."""
    text = repr(value) if isinstance(value, (str, int, float, type(None))) else ""
    return text if 0 < len(text) <= 60 else f"a {type(value).__name__}"


def _claims(said: Mapping[Any, Any], names: Mapping[str, str], path: Path) -> dict[str, int]:
    for name in names:
        if type(said.get(name, 0)) is not int:
            raise ModelError(f"{path}: {name} is {_shown(said[name])}, expected a whole number")
    return {ours: said[theirs] for theirs, ours in names.items() if theirs in said}
