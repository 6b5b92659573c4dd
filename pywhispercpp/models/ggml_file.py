"""Is this a ggml Whisper file that whisper.cpp can load? Looked at before whisper.cpp sees the file.

whisper.cpp's loader trusts the file: it takes sizes from it without a limit, asserts, and reads on past the
end. So every number is checked here against what the header allows and against the size of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pywhispercpp.errors import ModelError, ModelNotFoundError
from pywhispercpp.models.ggml_layout import FILE_TYPES, GgmlHeader, TensorPlace, TensorType, expected_tensors

__all__ = [
    "MAGIC",
    "GgmlContents",
    "GgmlHeader",
    "check",
    "contents",
    "has_magic",
    "header_faults",
    "looks_like",
]

MAGIC = b"lmgg"  # 0x67676d6c, little-endian
_INT = struct.Struct("<i")
_HEADER = struct.Struct("<11i")
_TENSOR = struct.Struct("<3i")
_QUANTIZATION_FACTOR = 1000  # ggml: ftype in the file = quantization version * 1000 + ftype
_MAX_QUANTIZATION_VERSION = 2
_N_FFT = 201  # bins of the 400-sample window whisper.cpp computes; it indexes the filters by it unchecked
_BPE_TOKENS = 50256  # GPT-2's vocabulary, which every Whisper vocabulary starts with
_LONGEST_TOKEN = 1024  # bytes; the longest real one has 128
_VOCABULARY_LIMIT = 4 << 20  # bytes; the real ones have 0.6 MB
_TOLERATED_TAIL = 11  # whisper.cpp stops at the first tensor header it cannot read in full

_OTHER_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"GGUF", "a GGUF file (llama.cpp's format; whisper.cpp wants the older ggml format)"),
    (b"PK\x03\x04", "a zip archive (a PyTorch checkpoint or a wheel)"),
    (b"\x80\x02", "a Python pickle (an old PyTorch checkpoint)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it points to"),
    (b"RIFF", "a WAV file"),
    (b"\x7fELF", "a program or shared library"),
    (b"ggjt", "an old llama.cpp model"),
)


def looks_like(head: bytes) -> str:
    """Say in words what a file that starts with `head` seems to be; empty when it is anybody's guess."""
    for start, words in _OTHER_FORMATS:
        if head.startswith(start):
            return words
    text = head.lstrip()[:64].lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "an HTML page (a proxy or a login page answered instead of the server)"
    if text.startswith((b"<?xml", b"{")):
        return "an XML or JSON text"
    return ""


@dataclass(frozen=True)
class GgmlContents:
    """What a checked file holds: its header, where two parts begin, and where every tensor lies."""

    header: GgmlHeader
    mel_filters_at: int
    vocabulary_at: int
    tensors: dict[str, TensorPlace]


def has_magic(path: Path) -> bool:
    """True for a file that begins as a ggml Whisper file does, damaged or not."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def check(path: Path) -> GgmlHeader:
    """Read the whole structure of a ggml Whisper file; return its header. Raises what `contents` raises."""
    return contents(path).header


def contents(path: Path) -> GgmlContents:
    """Read the whole structure of a ggml Whisper file.

    Weights are not read, so the time does not depend on them: about 5 ms for any model.
    Raises ModelNotFoundError when there is no file, ModelError (what, at which byte, what to do) for
    everything that would make whisper.cpp abort, hang, take memory without limit or compute with garbage.
    Source: `whisper_model_load` of whisper.cpp 1.8.5.
    """
    path = Path(path)
    if path.is_dir():
        raise ModelError(f"{path}: this is a directory; give the model file inside it")
    if path.exists() and not path.is_file():  # opening a named pipe would wait for ever
        raise ModelError(f"{path}: not a regular file; a model must be one")
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{path}: no such model file") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
    with file:
        return _Reader(path, file).read()


class _Reader:
    """A cursor over one file that never goes past its end and never reads more than a part's limit."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self.size = path.stat().st_size
        self.at = 0
        self.tensors: dict[str, TensorPlace] = {}

    def read(self) -> GgmlContents:
        """Walk the file's parts in their order: magic, header, mel filters, vocabulary, tensors."""
        self._magic()
        header = self._header()
        mel_filters_at = self.at
        self._mel_filters(header)
        vocabulary_at = self.at
        self._vocabulary(header)
        self._tensors(header)
        return GgmlContents(header, mel_filters_at, vocabulary_at, self.tensors)

    def _error(self, what: str, at: int | None = None) -> ModelError:
        where = self.at if at is None else at
        return ModelError(
            f"{self.path}: {what} (byte {where} of {self.size}). The file is damaged, incomplete or not "
            "a Whisper model for whisper.cpp: delete it and download it again "
            "(pywhispercpp models download NAME)"
        )

    def _take(self, count: int, part: str) -> bytes:
        if count > self.size - self.at:
            raise self._error(
                f"the file ends inside {part}: {count} bytes needed, {self.size - self.at} left"
            )
        data = self.file.read(count)
        if len(data) != count:
            raise self._error(f"the file ends inside {part}; it shrank while being read")
        self.at += count
        return data

    def _magic(self) -> None:
        if self.size == 0:
            raise self._error("the file is empty")
        head = self.file.read(256)
        self.file.seek(0)
        if not head.startswith(MAGIC):
            seems = looks_like(head)
            tail = f"; it looks like {seems}" if seems else ""
            raise self._error(f"wrong magic: expected {MAGIC!r}, got {head[:4]!r}{tail}")
        if head[8:14] == b"silero":
            raise ModelError(
                f"{self.path}: this is a VAD model, which tells speech from silence and writes no text: "
                "give a Whisper model, and this one as vad_model_path"
            )
        self._take(4, "the magic")

    def _header(self) -> GgmlHeader:
        values = _HEADER.unpack(self._take(_HEADER.size, "the header"))
        version, ftype = divmod(values[10], _QUANTIZATION_FACTOR)
        header = GgmlHeader(*(*values[:10], ftype, version))
        if faults := header_faults(header):
            raise self._error("; ".join(faults[:3]), at=4)
        return header

    def _mel_filters(self, header: GgmlHeader) -> None:
        start = self.at
        n_mel, n_fft = struct.unpack("<2i", self._take(8, "the mel filters"))
        if (n_mel, n_fft) != (header.n_mels, _N_FFT):
            raise self._error(f"mel filters of {n_mel} x {n_fft}, expected {header.n_mels} x {_N_FFT}", start)
        filters = struct.unpack(f"<{n_mel * n_fft}f", self._take(4 * n_mel * n_fft, "the mel filters"))
        # Triangles of unit area over frequencies in Hz: every weight lies between 0 and 0.03.
        # A comparison with NaN is false, so this finds NaN and infinity too.
        first = next((at for at, value in enumerate(filters) if not 0 <= value <= 1), None)
        if first is not None:
            raise self._error(f"mel filter value {filters[first]} is not within 0..1", start + 8 + 4 * first)

    def _vocabulary(self, header: GgmlHeader) -> None:
        start = self.at
        (count,) = _INT.unpack(self._take(4, "the vocabulary"))
        if not _BPE_TOKENS <= count <= header.n_vocab:
            raise self._error(
                f"a vocabulary of {count} tokens, expected {_BPE_TOKENS} to {header.n_vocab}", start
            )
        data = self.file.read(_VOCABULARY_LIMIT)
        length_at = struct.Struct("<I").unpack_from
        place, longest = 0, 0
        try:  # one plain loop: the only part of the file that has to be walked step by step
            for _ in range(count):
                (length,) = length_at(data, place)
                if length > _LONGEST_TOKEN:
                    longest = length
                    break
                place += 4 + length
        except struct.error:
            raise self._error("the vocabulary does not end within the file", self.at + place) from None
        if longest:
            raise self._error(f"a token of {longest} bytes in the vocabulary", self.at + place)
        if place > len(data):
            raise self._error("the file ends inside the vocabulary", self.size)
        self.at += place
        self.file.seek(self.at)

    def _tensors(self, header: GgmlHeader) -> None:
        missing = {name: (shape, kind) for name, shape, kind in expected_tensors(header)}
        if self.size - self.at <= _TOLERATED_TAIL:
            raise self._error(
                "a header and a vocabulary but no weights: one of whisper.cpp's for-tests-ggml-*.bin files"
            )
        known = set(missing)
        while self.size - self.at > _TOLERATED_TAIL:
            self._tensor(known, missing)
        if missing:
            few = ", ".join(sorted(missing)[:3])
            raise self._error(f"{len(missing)} of {len(known)} tensors are missing, among them {few}")

    def _tensor(self, known: set[str], missing: dict[str, tuple[tuple[int, ...], TensorType]]) -> None:
        start = self.at
        n_dims, name_length, code = _TENSOR.unpack(self._take(_TENSOR.size, "a tensor header"))
        if not (1 <= n_dims <= 4 and 1 <= name_length <= 128):
            words = f"{n_dims} dimensions and a name of {name_length} bytes"
            raise self._error(f"no tensor header here: {words}", start)
        dims = struct.unpack(f"<{n_dims}i", self._take(4 * n_dims, "a tensor header"))
        name = self._take(name_length, "a tensor's name").decode("utf-8", "backslashreplace")
        if name not in known:
            raise self._error(f"unknown tensor {name!r}", start)
        if name not in missing:
            raise self._error(f"tensor {name} is there twice", start)
        shape, kind = missing.pop(name)
        if _without_ones(dims) != _without_ones(shape):
            raise self._error(f"tensor {name} has shape {list(dims)}, expected {list(shape)}", start)
        if code != kind.code:
            raise self._error(f"tensor {name} has type {code}, expected {kind.code} ({kind.name})", start)
        self._skip_weights(name, TensorPlace(shape, kind, self.at))

    def _skip_weights(self, name: str, place: TensorPlace) -> None:
        left = self.size - self.at
        if place.size > left:
            raise self._error(f"the file ends inside tensor {name}: {place.size} bytes needed, {left} left")
        self.tensors[name] = place
        self.at += place.size
        self.file.seek(self.at)


def _without_ones(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Drop trailing ones: ggml pads every shape to four dimensions with them."""
    while len(dims) > 1 and dims[-1] == 1:
        dims = dims[:-1]
    return dims


def header_faults(header: GgmlHeader) -> list[str]:
    """What in the header whisper.cpp cannot work with, in words."""
    faults = [
        f"{name} is {getattr(header, name)}, expected {words}" for name, ok, words in _rules(header) if not ok
    ]
    kind = FILE_TYPES.get(header.ftype)
    if kind is None:
        faults.append(f"unknown ftype {header.ftype}, expected one of {sorted(FILE_TYPES)}")
    elif header.n_audio_state % kind.block:
        faults.append(
            f"n_audio_state {header.n_audio_state} cannot be stored as {kind.name}: blocks of {kind.block}"
        )
    return faults


def _rules(header: GgmlHeader) -> tuple[tuple[str, bool, str], ...]:
    state = header.n_audio_state
    heads = max(1, state // 64)
    return (
        # With other counts whisper.cpp makes a string of a language name that is a null pointer.
        ("n_vocab", header.n_vocab in (51864, 51865, 51866), "51864, 51865 or 51866"),
        ("n_audio_ctx", header.n_audio_ctx == 1500, "1500 (windows of 30 s)"),
        ("n_text_ctx", header.n_text_ctx == 448, "448"),
        ("n_audio_state", 64 <= state <= 2048 and state % 64 == 0, "a multiple of 64 up to 2048"),
        ("n_text_state", header.n_text_state == state, f"n_audio_state, {state}"),
        ("n_audio_head", header.n_audio_head == heads, f"{heads} (64 channels each)"),
        ("n_text_head", header.n_text_head == heads, f"{heads} (64 channels each)"),
        ("n_audio_layer", header.n_audio_layer in (4, 6, 12, 24, 32), "4, 6, 12, 24 or 32"),
        ("n_text_layer", 1 <= header.n_text_layer <= 32, "1 to 32"),
        ("n_mels", header.n_mels in (80, 128), "80 or 128"),
        (
            "quantization_version",
            0 <= header.quantization_version <= _MAX_QUANTIZATION_VERSION,
            f"0 to {_MAX_QUANTIZATION_VERSION}",
        ),
    )
