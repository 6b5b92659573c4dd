"""Datasets: each layout is found, what cannot take part is named, and a sample is the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywhispercpp.errors import OptionError
from pywhispercpp.evaluate import read


def touched(path: Path) -> Path:
    """A file whose content nobody reads here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"audio")
    return path


def test_librispeech(tmp_path: Path) -> None:
    chapter = tmp_path / "84" / "121123"
    for number in (0, 1):
        touched(chapter / f"84-121123-000{number}.flac")
    lines = "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN LESS\n84-121123-0002 GONE\n"
    (chapter / "84-121123.trans.txt").write_text(lines)
    found = read(tmp_path)
    assert found.layout == "LibriSpeech"
    assert [(one.name, one.text, one.language) for one in found.recordings] == [
        ("84-121123-0000", "GO DO YOU HEAR", "en"),
        ("84-121123-0001", "BUT IN LESS", "en"),
    ]
    assert found.recordings[0].audio == chapter / "84-121123-0000.flac"
    (missing,) = found.skipped
    assert missing.name == "84-121123-0002" and "84-121123-0002.flac is not there" in missing.why


TABLE = (
    "client_id\tpath\tsentence\tlocale\n"
    'a\tone.mp3\tEr sagte: "Nein.\tde\nb\ttwo.mp3\tZwei, drei.\tzh-CN\nc\tnone.mp3\tWeg.\tde\n'
)


def test_common_voice(tmp_path: Path) -> None:
    for name in ("one.mp3", "two.mp3"):
        touched(tmp_path / "clips" / name)
    table = tmp_path / "validated.tsv"
    table.write_text(TABLE, encoding="utf-8")
    (tmp_path / "clip_durations.tsv").write_text("clip\tduration[ms]\none.mp3\t4000\n")
    found = read(tmp_path)
    assert (found.layout, found.path) == ("Common Voice", table)
    assert [(one.name, one.text, one.language) for one in found.recordings] == [
        ("one.mp3", 'Er sagte: "Nein.', "de"),
        ("two.mp3", "Zwei, drei.", "zh"),
    ]
    assert [one.name for one in found.skipped] == ["none.mp3"]
    # Of several tables test.tsv is taken, or one that is named.
    (tmp_path / "test.tsv").write_text(TABLE.replace("two", "one"), encoding="utf-8")
    assert read(tmp_path).path.name == "test.tsv"
    assert read(table) == found
    (tmp_path / "test.tsv").rename(tmp_path / "train.tsv")
    with pytest.raises(OptionError, match=r"which of train.tsv, validated.tsv is the dataset\?"):
        read(tmp_path)


def test_a_plain_folder(tmp_path: Path) -> None:
    for name in ("b.MP3", "sub/a.wav", "alone.wav", "latin.wav"):
        touched(tmp_path / name)
    (tmp_path / "b.txt").write_text("Second.\n")
    (tmp_path / "sub" / "a.txt").write_text("First.\n")
    (tmp_path / "latin.txt").write_bytes("Käse".encode("latin-1"))
    (tmp_path / "notes.txt").write_text("of no recording")
    found = read(tmp_path)
    assert found.layout == "plain"
    assert [(one.name, one.text, one.language) for one in found.recordings] == [
        ("b.MP3", "Second.", None),
        ("sub/a.wav", "First.", None),
    ]
    why = {one.name: one.why for one in found.skipped}
    assert why["alone.wav"] == "alone.txt is not beside it"
    assert "latin.txt cannot be read: 'utf-8' codec" in why["latin.wav"]


def test_what_is_no_dataset_is_told(tmp_path: Path) -> None:
    touched(tmp_path / "empty" / "a.wav")
    (tmp_path / "x.tsv").write_text("a\tb\n1\t2\n")
    for path, message in (
        (tmp_path / "none", "there is no such folder"),
        (tmp_path / "empty", r"no recordings with their texts .*1 were skipped: a\.txt is not beside it"),
        (tmp_path / "empty" / "a.wav", "a dataset is a folder"),
        (tmp_path / "x.tsv", "has the columns path and sentence"),
    ):
        with pytest.raises(OptionError, match=message):
            read(path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.trans.txt").write_bytes(b"a \xff\n")
    with pytest.raises(OptionError, match="the dataset cannot be read"):
        read(broken)


def test_a_sample_is_the_same_each_time() -> None:
    found = read()
    names = [one.name for one in found.chosen(5, seed=1).recordings]
    assert names == [one.name for one in found.chosen(5, seed=1).recordings] == sorted(names)
    assert len(set(names)) == 5 and names != [one.name for one in found.chosen(5, seed=2).recordings]
    assert found.chosen(999) == found.chosen(None) == found
    with pytest.raises(OptionError, match="1 or more"):
        found.chosen(0)
