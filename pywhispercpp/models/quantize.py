"""Stores the matrices of a ggml model in fewer bits, as whisper.cpp's own quantize tool does."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from pywhispercpp import _core
from pywhispercpp.errors import ModelError, OptionError, OutputError
from pywhispercpp.models import ggml_file
from pywhispercpp.models.ggml_file import GgmlContents
from pywhispercpp.models.ggml_layout import F16, F32, FILE_TYPES, TensorPlace, TensorType
from pywhispercpp.models.progress import Progress, QuietProgress
from pywhispercpp.models.verified_file import make

__all__ = ["KINDS", "TARGETS", "kind_called", "path_beside", "quantize"]

#: What the matrices may be quantized to, by ggml's name for it: the number in the file's header.
KINDS = {kind.name: ftype for ftype, kind in FILE_TYPES.items() if kind.block > 1}
#: The same and f16, which an f32 model can become.
TARGETS = {F16.name: 1, **KINDS}
_QUANTIZATION_VERSION = 2  # GGML_QNT_VERSION: how ggml 0.13 packs blocks
_FTYPE_AT = 44  # the last number of the header
_PIECE = 1 << 20  # numbers that one thread converts at a time


def quantize(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str],
    kind: str = "q8_0",
    *,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write `model`, an f16 or f32 ggml file, to `target` with its matrices as `kind`; return it.

    The bytes are those of whisper.cpp's whisper-quantize, whatever n_threads (as many as there are CPUs when
    None). Biases, norms, convolutions and positional embeddings stay as they are; of an f32 model the
    convolutions become f16, for whisper.cpp loads no others beside quantized matrices. `target` appears
    whole, read again, or not at all. Raises OptionError for an unknown kind and for a target that is the
    model, ModelError for a model that cannot become that, OutputError where the target cannot be written.
    """
    kind = kind_called(kind)
    source, out = Path(model), Path(target)
    found = ggml_file.contents(source)
    wanted = _wanted(source, found, kind)
    if out.exists() and out.samefile(source):
        raise OptionError(f"{out}: the result would take the place of the model it is made of; name another")
    report = progress or QuietProgress()
    try:
        with source.open("rb") as file, ThreadPoolExecutor(n_threads or os.cpu_count()) as pool:
            work = _Work(file, found, wanted, pool, report)
            return make(out, source, work.write, None, ggml_file.check)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written: {error.strerror or error}") from error


def path_beside(model: str | os.PathLike[str], kind: str) -> Path:
    """Where a quantized model is looked for by its name: ggml-tiny.en.bin -> ggml-tiny.en-q5_0.bin."""
    path = Path(model)
    return path.with_name(f"{path.stem}-{kind_called(kind)}{path.suffix}")


def kind_called(name: str) -> str:
    """ggml's name of a kind, for it in any case (whisper-quantize says q4_k, ggml q4_K)."""
    for kind in TARGETS:
        if isinstance(name, str) and kind.lower() == name.lower():
            return kind
    raise OptionError(f"kind={name!r}: one of {', '.join(TARGETS)} is needed")


def _wanted(source: Path, found: GgmlContents, kind: str) -> TensorType:
    """The type of the new file's matrices. Raises ModelError where this model's cannot become that."""
    header, wanted = found.header, FILE_TYPES[TARGETS[kind]]
    if header.weight_type.block > 1 or header.weight_type == wanted:
        raise ModelError(
            f"{source}: its matrices are {header.weight_type.name} already; quantize the f16 model"
        )
    for state in (header.n_audio_state, header.n_text_state):
        if state % wanted.block:
            raise ModelError(
                f"{source}: rows of {state} are no whole blocks of {kind}, which has {wanted.block} in each; "
                f"take one of {', '.join(name for name in KINDS if FILE_TYPES[KINDS[name]].block == 32)}"
            )
    return wanted


class _Work:
    """One file being made of another."""

    def __init__(
        self,
        file: BinaryIO,
        found: GgmlContents,
        wanted: TensorType,
        pool: ThreadPoolExecutor,
        report: Progress,
    ) -> None:
        self._file = file
        self._found = found
        self._wanted = wanted
        self._pool = pool
        self._report = report

    def write(self, out: BinaryIO) -> None:
        """Write the new file piece by piece: what lies before each tensor's weights, then the weights."""
        total, at = os.fstat(self._file.fileno()).st_size, 0
        for name, place in sorted(self._found.tensors.items(), key=lambda item: item[1].offset):
            before = bytearray(self._file.read(place.offset - at))
            if at == 0:
                struct.pack_into("<i", before, _FTYPE_AT, self._ftype())
            kind = self._kind(name, place)
            if kind != place.kind:
                struct.pack_into("<i", before, _type_at(before, name, place), kind.code)
            out.write(before)
            for piece in self._weights(place, kind):
                out.write(piece)
            at = place.offset + place.size
            self._report.at(at, total)

    def _ftype(self) -> int:
        ftype = TARGETS[self._wanted.name]
        return ftype if self._wanted == F16 else _QUANTIZATION_VERSION * 1000 + ftype

    def _kind(self, name: str, place: TensorPlace) -> TensorType:
        """What whisper.cpp expects: no bias and no positional embedding is ever anything but f32."""
        if name.endswith(".weight") and len(place.shape) == 2:
            return self._wanted
        return F16 if len(place.shape) == 3 and place.kind == F32 else place.kind

    def _weights(self, place: TensorPlace, kind: TensorType) -> Iterator[bytes]:
        """The weights of a tensor as another type; rows become blocks independently of each other."""
        if kind == place.kind:
            return iter([self._file.read(place.size)])
        columns = place.shape[0]
        rows = max(1, _PIECE // columns) * place.kind.bytes_for((columns,))
        left = place.size
        pieces = []
        while left > 0:
            pieces.append(self._file.read(min(rows, left)))
            left -= rows
        return self._pool.map(lambda piece: _converted(piece, columns, place.kind, kind), pieces)


def _type_at(before: bytearray, name: str, place: TensorPlace) -> int:
    """Where the tensor's type stands: its header is three numbers (dimensions, length of the name, type)."""
    for n_dims in range(1, 5):  # of the file, which may have ones at the end that the shape has not
        start = len(before) - len(name) - 4 * n_dims - 12
        if struct.unpack_from("<3i", before, start) == (n_dims, len(name), place.kind.code):
            return start + 8
    raise ModelError(f"{name}: its header is not where it was found before; the file changed meanwhile")


def _converted(weights: bytes, columns: int, source: TensorType, kind: TensorType) -> bytes:
    count = len(weights) // source.block_bytes * source.block
    return _core.quantize(kind.code, _core.dequantize(source.code, weights, count).reshape(-1, columns))
