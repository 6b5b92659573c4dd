"""Makes real files of Whisper weights, in every format that they are published in.

A tensor is a numpy array; one of uint16 stands for bfloat16, which numpy has not.
"""

from __future__ import annotations

import io
import json
import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pywhispercpp.models.ggml_layout import GgmlHeader, expected_tensors
from tests.small_model import HEADER

Arrays = dict[str, NDArray[Any]]
CT2_CODES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4, "uint16": 5}
STORAGES = {"float64": "Double", "float32": "Float", "float16": "Half", "uint16": "BFloat16", "int64": "Long"}
SAFETENSORS = {"float64": "F64", "float32": "F32", "float16": "F16", "uint16": "BF16", "int64": "I64"}

HUGGING_FACE = {
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "cross_attn.query": "encoder_attn.q_proj",
    "cross_attn.key": "encoder_attn.k_proj",
    "cross_attn.value": "encoder_attn.v_proj",
    "cross_attn.out": "encoder_attn.out_proj",
    "cross_attn_ln": "encoder_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
}
OTHERS = {
    "encoder.positional_embedding": "encoder.embed_positions.weight",
    "decoder.positional_embedding": "decoder.embed_positions.weight",
    "decoder.token_embedding.weight": "decoder.embed_tokens.weight",
    "encoder.ln_post.weight": "encoder.layer_norm.weight",
    "encoder.ln_post.bias": "encoder.layer_norm.bias",
    "decoder.ln.weight": "decoder.layer_norm.weight",
    "decoder.ln.bias": "decoder.layer_norm.bias",
}


def network(header: GgmlHeader = HEADER, seed: int = 7, dtype: str = "float16") -> Arrays:
    """A network by OpenAI's names with random weights."""
    rng = np.random.default_rng(seed)
    shapes = {name: shape[::-1] for name, shape, _ in expected_tensors(header)}
    for name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        shapes[name] = shapes[name][:1]
    return {name: rng.standard_normal(shape, np.float32).astype(dtype) for name, shape in shapes.items()}


def dims(header: GgmlHeader = HEADER) -> dict[str, int]:
    """What OpenAI's checkpoints say of a network."""
    return {name: number for name, number in vars(header).items() if name.startswith("n_")}


def config(header: GgmlHeader = HEADER) -> dict[str, Any]:
    """What Hugging Face's config.json says of it."""
    return {
        "model_type": "whisper",
        "activation_function": "gelu",
        "scale_embedding": False,
        "vocab_size": header.n_vocab,
        "max_source_positions": header.n_audio_ctx,
        "d_model": header.n_audio_state,
        "encoder_attention_heads": header.n_audio_head,
        "encoder_layers": header.n_audio_layer,
        "max_target_positions": header.n_text_ctx,
        "decoder_attention_heads": header.n_text_head,
        "decoder_layers": header.n_text_layer,
        "num_mel_bins": header.n_mels,
    }


def hugging_face(arrays: Arrays, prefix: str = "model.") -> Arrays:
    """The same tensors by Hugging Face's names."""
    return {prefix + _hugging_face_name(name): array for name, array in arrays.items()}


def _hugging_face_name(name: str) -> str:
    layer = re.fullmatch(r"(\w+)\.blocks\.(\d+)\.(.+)\.(\w+)", name)
    if layer:
        return f"{layer[1]}.layers.{layer[2]}.{HUGGING_FACE[layer[3]]}.{layer[4]}"
    return OTHERS.get(name, name)


def bfloat16(array: NDArray[Any]) -> NDArray[Any]:
    """The upper halves of float32 numbers."""
    return (array.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


class View:
    """A tensor that is a view of a larger storage: offset, shape and strides count numbers."""

    def __init__(
        self, data: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self.data, self.offset, self.shape, self.strides = data, offset, shape, strides


class TorchPickle:
    """Writes a pickle as `torch.save` does: protocol 2, a memo, storages by key."""

    def __init__(self, legacy: bool = False) -> None:
        self.out = bytearray(b"\x80\x02")
        self.storages: dict[str, NDArray[Any]] = {}
        self.legacy = legacy
        self._memo: dict[str, int] = {}
        self._kept = 0

    def done(self, value: object) -> bytes:
        """The whole pickle of a value."""
        self._value(value)
        return bytes(self.out + b".")

    def _keep(self) -> int:
        self.out += b"q" + bytes([self._kept]) if self._kept < 256 else b"r" + struct.pack("<I", self._kept)
        self._kept += 1
        return self._kept - 1

    def _once(self, key: str, code: bytes) -> None:
        """A text or name: written the first time, recalled after."""
        if key in self._memo:
            number = self._memo[key]
            self.out += b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<I", number)
        else:
            self.out += code
            self._memo[key] = self._keep()

    def _text(self, text: str) -> None:
        raw = text.encode()
        self._once(f"text {text}", b"X" + struct.pack("<I", len(raw)) + raw)

    def _name(self, module: str, name: str) -> None:
        self._once(f"name {name}", f"c{module}\n{name}\n".encode())

    def _value(self, value: object) -> None:
        if isinstance(value, dict):
            self._dict(value)
        elif isinstance(value, str):
            self._text(value)
        elif isinstance(value, (np.ndarray, View)):
            self._tensor(value)
        else:
            self.out += pickle.dumps(value, 2)[2:-1]  # numbers, None and flat tuples of them

    def _dict(self, table: Mapping[Any, Any]) -> None:
        self.out += b"}"
        self._keep()
        self.out += b"("
        for key, value in table.items():
            self._value(key)
            self._value(value)
        self.out += b"u"

    def _tensor(self, tensor: NDArray[Any] | View) -> None:
        if not isinstance(tensor, View):
            steps = [stride // tensor.itemsize for stride in tensor.strides]
            tensor = View(tensor, 0, tensor.shape, tuple(steps))
        key = str(len(self.storages))
        self.storages[key] = tensor.data
        self._name("torch._utils", "_rebuild_tensor_v2")
        self.out += b"(("
        self._text("storage")
        self._name("torch", f"{STORAGES[tensor.data.dtype.name]}Storage")
        self._text(key)
        self._text("cpu")
        self._value(tensor.data.size)
        self.out += (b"N" if self.legacy else b"") + b"tQ"
        for numbers in (tensor.offset, tensor.shape, tensor.strides):
            self.out += _plain(numbers)
        self.out += b"\x89"
        self._name("collections", "OrderedDict")
        self.out += b")RtR"
        self._keep()


def _plain(value: object) -> bytes:
    if isinstance(value, tuple):
        return b"(" + b"".join(_plain(one) for one in value) + b"t"
    return pickle.dumps(value, 2)[2:-1]


def torch_zip(root: object, pickled: bytes | None = None, **changes: bytes) -> bytes:
    """A checkpoint as PyTorch writes it since 1.6; `changes` are other contents for data members."""
    writer = TorchPickle()
    made = writer.done(root)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", made if pickled is None else pickled)
        archive.writestr("archive/byteorder", b"little")
        for key, data in writer.storages.items():
            archive.writestr(f"archive/data/{key}", changes.get(f"data{key}", data.tobytes("A")))
        archive.writestr("archive/version", b"3\n")
    return out.getvalue()


def torch_legacy(root: object) -> bytes:
    """A checkpoint as PyTorch wrote it before 1.6."""
    writer = TorchPickle(legacy=True)
    table = writer.done(root)
    machine = {
        "protocol_version": 1001,
        "little_endian": True,
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    keys = sorted(writer.storages)
    parts = [pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2), pickle.dumps(machine, 2), table]
    parts.append(pickle.dumps(keys, 2))
    for key in keys:
        parts.append(struct.pack("<q", writer.storages[key].size) + writer.storages[key].tobytes("A"))
    return b"".join(parts)


def openai(arrays: Arrays, header: GgmlHeader = HEADER) -> dict[str, Any]:
    """The table of one of OpenAI's checkpoints."""
    return {"dims": dims(header), "model_state_dict": arrays}


def safetensors(arrays: Arrays) -> bytes:
    """A safetensors file."""
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, array in arrays.items():
        kind = SAFETENSORS[array.dtype.name]
        table[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    head = json.dumps(table).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + b"".join(array.tobytes() for array in arrays.values())


def hugging_face_folder(folder: Path, arrays: Arrays, header: GgmlHeader = HEADER) -> Path:
    """A folder as `save_pretrained` leaves it, without a vocabulary."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config(header)))
    (folder / "model.safetensors").write_bytes(safetensors(hugging_face(arrays)))
    return folder


def ctranslate2(arrays: Arrays, quantized: str = "") -> bytes:
    """A CTranslate2 model: fused matrices, a bias of zeros for keys, int8 and int16 with their scales."""
    fused = _fused(arrays)
    if quantized:
        parts = [_quantized(name, array, quantized) for name, array in fused.items()]
        fused = {name: array for part in parts for name, array in part.items()}
    return ct2_bytes(dict(sorted(fused.items())))


def _fused(arrays: Arrays) -> Arrays:
    out: Arrays = {}
    for name, array in arrays.items():
        if re.search(r"attn\.(key|value)\.", name):
            continue
        block = re.fullmatch(r"(\w+)\.blocks\.(\d+)\.(.+)\.(\w+)", name)
        if block is None:
            out[_ct2_name(name)] = array
            continue
        place, part, kind = f"{block[1]}/layer_{block[2]}", block[3], block[4]
        if part.endswith("query"):
            out.update(_fused_attention(arrays, name[: -len(f".query.{kind}")], place, kind))
        else:
            out[f"{place}/{_ct2_part(part, kind)}"] = array
    return out


def _fused_attention(arrays: Arrays, name: str, place: str, kind: str) -> Arrays:
    query, value = arrays[f"{name}.query.{kind}"], arrays[f"{name}.value.{kind}"]
    key = arrays.get(f"{name}.key.{kind}", np.zeros_like(query))
    if name.endswith("cross_attn"):
        at = f"{place}/attention"
        return {f"{at}/linear_0/{kind}": query, f"{at}/linear_1/{kind}": np.concatenate([key, value])}
    return {f"{place}/self_attention/linear_0/{kind}": np.concatenate([query, key, value])}


def _ct2_part(part: str, kind: str) -> str:
    norm = {"weight": "gamma", "bias": "beta"}[kind]
    return {
        "mlp_ln": f"ffn/layer_norm/{norm}",
        "mlp.0": f"ffn/linear_0/{kind}",
        "mlp.2": f"ffn/linear_1/{kind}",
        "attn_ln": f"self_attention/layer_norm/{norm}",
        "attn.out": f"self_attention/linear_1/{kind}",
        "cross_attn_ln": f"attention/layer_norm/{norm}",
        "cross_attn.out": f"attention/linear_2/{kind}",
    }[part]


def _ct2_name(name: str) -> str:
    names = {
        "encoder.positional_embedding": "encoder/position_encodings/encodings",
        "decoder.positional_embedding": "decoder/position_encodings/encodings",
        "decoder.token_embedding.weight": "decoder/embeddings/weight",
        "encoder.ln_post.weight": "encoder/layer_norm/gamma",
        "encoder.ln_post.bias": "encoder/layer_norm/beta",
        "decoder.ln.weight": "decoder/layer_norm/gamma",
        "decoder.ln.bias": "decoder/layer_norm/beta",
    }
    return names.get(name, name.replace(".", "/"))


def _quantized(name: str, array: NDArray[Any], kind: str) -> Arrays:
    """As CTranslate2's own converter does: int8 by rows, int16 as a whole."""
    if not name.endswith("weight"):
        return {name: array}
    numbers = array.astype(np.float32)
    if kind == "int16":
        scale = np.float32(2**10 / np.abs(numbers).max())
        return {name: np.rint(numbers * scale).astype(np.int16), f"{name}_scale": np.array(scale)}
    scales = (127 / np.abs(numbers.reshape(len(numbers), -1)).max(axis=1)).astype(np.float32)
    rows = scales.reshape(-1, *(1,) * (numbers.ndim - 1))
    return {name: np.rint(numbers * rows).astype(np.int8), f"{name}_scale": scales}


def ct2_bytes(arrays: Arrays, aliases: tuple[tuple[str, str], ...] = ()) -> bytes:
    """CTranslate2's model.bin with these variables."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    parts = [struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<2I", 3, len(arrays))]
    for name, array in arrays.items():
        parts.append(text(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape))
        parts.append(struct.pack("<BI", CT2_CODES[array.dtype.name], array.nbytes) + array.tobytes())
    parts.append(struct.pack("<I", len(aliases)) + b"".join(text(a) + text(b) for a, b in aliases))
    return b"".join(parts)
