"""The check of ggml files: what whisper.cpp would stumble over is named before it sees the file."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from pywhispercpp.errors import ModelError
from pywhispercpp.models.ggml_file import check
from pywhispercpp.models.ggml_layout import FILE_TYPES, GgmlHeader, expected_tensors
from tests.small_model import HEADER, TOKENS, model_bytes, tensor_bytes

VOCABULARY_AT = 4 + 44 + 8 + 4 * 80 * 201
TENSORS_AT = VOCABULARY_AT + 4 + 5 * TOKENS


@pytest.fixture(scope="module")
def good() -> bytes:
    return bytes(model_bytes(HEADER))


def refused(tmp_path: Path, data: bytes) -> str:
    """The message with which a file of this content is refused."""
    path = tmp_path / "ggml-x.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        check(path)
    message = str(caught.value)
    assert str(path) in message and "download it again" in message and "byte" in message
    return message


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def test_a_whole_file_passes_and_gives_its_header(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(good)
    assert check(path) == HEADER
    assert not HEADER.multilingual


@pytest.mark.parametrize("ftype", [code for code, kind in FILE_TYPES.items() if kind.block <= 32])
def test_every_file_type_passes(tmp_path: Path, ftype: int) -> None:
    header = GgmlHeader(51866, 1500, 64, 1, 4, 448, 64, 1, 2, 128, ftype, 2)
    path = tmp_path / "x.bin"
    path.write_bytes(model_bytes(header))
    assert check(path) == header


def bytes_read() -> int:
    """How much this process has read from files so far."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_the_real_model_passes_without_its_weights_being_read(tiny_en: Path) -> None:
    before = bytes_read()
    header = check(tiny_en)
    assert bytes_read() - before < 8 << 20 < tiny_en.stat().st_size // 8
    assert (header.n_audio_state, header.n_text_layer, header.ftype) == (384, 4, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"lm", "wrong magic"),
        (b"lmgg", "ends inside the header"),
        (b"<!DOCTYPE html><html>", "HTML page"),
        (b"  \n<html lang=en>", "HTML page"),
        (b"GGUF\3\0\0\0", "GGUF"),
        (b"PK\3\4....", "zip archive"),
        (b"\x80\2}q", "pickle"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"RIFF$\0\0\0WAVEfmt ", "WAV"),
        (b'{"error": "not found"}', "JSON"),
        (b"random bytes", "wrong magic"),
    ],
)
def test_what_is_no_model_is_called_by_its_name(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in refused(tmp_path, data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (0, 0), (0, -1), (0, 51867), (0, 2**31 - 1), (1, 0), (1, 1501), (2, 0), (2, 65), (2, -64), (2, 2**30),
        (3, 0), (3, 2), (4, 5), (4, 0), (5, 0), (5, 2**31 - 1), (6, 128), (7, -1), (8, 0), (8, 33), (9, 81),
        (10, 4), (10, 6), (10, 999), (10, -1), (10, 3001), (10, 10),
    ],
)  # fmt: skip
def test_header_numbers_out_of_range(tmp_path: Path, good: bytes, field: int, value: int) -> None:
    names = [*GgmlHeader.__dataclass_fields__]
    message = refused(tmp_path, changed(good, 4 + 4 * field, struct.pack("<i", value)))
    assert "(byte 4 of" in message
    assert any(name in message for name in (names[field], names[min(field + 1, 11)], "n_audio_state"))


def test_mel_filters(tmp_path: Path, good: bytes) -> None:
    at = 4 + 44
    assert "mel filters of 128 x 201" in refused(tmp_path, changed(good, at, struct.pack("<2i", 128, 201)))
    assert "expected 80 x 201" in refused(tmp_path, changed(good, at, struct.pack("<2i", 80, 2**30)))
    for value in ("nan", "inf", "-inf", "-1", "1e30"):
        bad = changed(good, at + 8 + 400, struct.pack("<f", float(value)))
        assert f"mel filter value {float(value)}"[:18] in refused(tmp_path, bad)
        assert f"(byte {at + 408} of" in refused(tmp_path, bad)


def test_vocabulary(tmp_path: Path, good: bytes) -> None:
    for count in (-1, 0, 100, 51865, 2**31 - 1):
        bad = changed(good, VOCABULARY_AT, struct.pack("<i", count))
        assert f"a vocabulary of {count} tokens" in refused(tmp_path, bad)
    for length in (1025, 2**31, 2**32 - 1):
        bad = changed(good, VOCABULARY_AT + 4 + 5 * 7, struct.pack("<I", length))
        assert f"a token of {length} bytes" in refused(tmp_path, bad)
        assert f"(byte {VOCABULARY_AT + 4 + 5 * 7} of" in refused(tmp_path, bad)


def test_truncated_anywhere(tmp_path: Path, good: bytes) -> None:
    places = [
        5,
        47,
        50,
        60,
        9000,
        VOCABULARY_AT + 2,
        VOCABULARY_AT + 5,
        VOCABULARY_AT + 90_001,
        TENSORS_AT - 1,
    ]
    places += [TENSORS_AT + 13, TENSORS_AT + 30, TENSORS_AT + 200, len(good) // 2, len(good) - 1]
    for place in places:
        assert "ends" in refused(tmp_path, good[:place]) or "does not end" in refused(tmp_path, good[:place])


def test_a_vocabulary_without_weights_is_called_a_test_file(tmp_path: Path, good: bytes) -> None:
    assert "no weights: one of whisper.cpp's for-tests" in refused(tmp_path, good[:TENSORS_AT])


def test_tensors(tmp_path: Path, good: bytes) -> None:
    first = next(expected_tensors(HEADER))
    size = len(tensor_bytes(first[0], first[1], 0, bytes(first[2].bytes_for(first[1]))))
    whole = good[TENSORS_AT : TENSORS_AT + size]
    head, rest = good[:TENSORS_AT], good[TENSORS_AT + size :]
    assert "is there twice" in refused(tmp_path, head + whole + whole + rest)
    assert "1 of 95 tensors are missing" in refused(tmp_path, head + rest)
    assert "unknown tensor 'encoder.positional_embeddinG'" in refused(
        tmp_path, head + whole.replace(b"embedding", b"embeddinG") + rest
    )
    for at, value, words in (
        (0, 0, "no tensor header"), (0, 5, "no tensor header"), (0, -1, "no tensor header"),
        (4, 2**31 - 1, "a name of"), (4, 0, "a name of"), (8, 1, "has type 1, expected 0 (f32)"),
        (8, 77, "has type 77"), (12, 65, "has shape [65, 1500]"), (12, -64, "has shape"),
        (16, 2**30, "has shape"),
    ):  # fmt: skip
        bad = head + changed(whole, at, struct.pack("<i", value)) + rest
        assert words in refused(tmp_path, bad)
        assert f"(byte {TENSORS_AT} of" in refused(tmp_path, bad)


def test_what_follows_the_last_tensor(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(good + b"x" * 11)  # whisper.cpp stops here as well
    check(path)
    assert "no tensor header" in refused(tmp_path, good + b"x" * 12)


def test_things_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="this is a directory"):
        check(tmp_path)
    with pytest.raises(ModelError, match="not a regular file"):
        check(Path(os.devnull))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ModelError, match="not a regular file"):
        check(pipe)


def test_no_memory_is_taken_for_a_promise(tmp_path: Path, good: bytes) -> None:
    """A header may promise terabytes; the check must not believe it."""
    import tracemalloc

    bad = changed(good, 4 + 44, struct.pack("<2i", 80, 2**31 - 1))
    tracemalloc.start()
    refused(tmp_path, bad[: 1 << 20])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
