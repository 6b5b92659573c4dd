"""How datasets lie in a folder: LibriSpeech, Common Voice, or texts beside recordings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Union

from pywhispercpp.errors import OptionError
from pywhispercpp.evaluate.dataset import Dataset, Recording, Skipped

__all__ = ["common_voice", "find", "librispeech", "plain"]

SUFFIXES = frozenset(
    {".aac", ".aif", ".aiff", ".amr", ".flac", ".m4a", ".mka", ".mkv", ".mov", ".mp3", ".mp4"}
    | {".oga", ".ogg", ".opus", ".wav", ".webm", ".wma"}
)
_TRANSCRIPTS = "*.trans.txt"
_PREFERRED = "test.tsv"

Found = Union[Recording, Skipped]


def find(place: Path) -> Dataset:
    """The dataset at a place, in whichever layout it has; an empty one where there is none."""
    if place.is_file():
        if place.suffix != ".tsv":
            raise OptionError(f"{place}: a dataset is a folder, or the .tsv of a Common Voice dataset")
        return common_voice(place)
    if not place.is_dir():
        raise OptionError(f"{place}: there is no such folder")
    tables = [path for path in sorted(place.glob("*.tsv")) if _is_common_voice(path)]
    if tables:
        return common_voice(_only(place, tables))
    if next(place.rglob(_TRANSCRIPTS), None) is not None:
        return librispeech(place)
    return plain(place)


def librispeech(folder: Path) -> Dataset:
    """…/SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt: a line for each NAME.flac beside it. English."""
    return _dataset(folder, "LibriSpeech", _of_transcripts(folder))


def common_voice(table: Path) -> Dataset:
    """A table with the columns path and sentence, the recordings in clips/; its locale is the language."""
    return _dataset(table, "Common Voice", _of_table(table))


def plain(folder: Path, language: str | None = None) -> Dataset:
    """Every recording below a folder that has a NAME.txt beside it."""
    return _dataset(folder, "plain", _of_pairs(folder, language))


def _dataset(place: Path, layout: str, found: Iterator[Found]) -> Dataset:
    every = list(found)
    recordings = tuple(one for one in every if isinstance(one, Recording))
    return Dataset(place, layout, recordings, tuple(one for one in every if isinstance(one, Skipped)))


def _of_transcripts(folder: Path) -> Iterator[Found]:
    for transcript in sorted(folder.rglob(_TRANSCRIPTS)):
        for line in transcript.read_text(encoding="utf-8").splitlines():
            name, _, text = line.strip().partition(" ")
            if not name:
                continue
            beside = [
                transcript.with_name(f"{name}{suffix}") for suffix in (".flac", ".wav", ".mp3", ".opus")
            ]
            audio = next((path for path in beside if path.is_file()), None)
            if audio is None:
                yield Skipped(name, f"{beside[0]} is not there")
            else:
                yield Recording(name, audio, text, "en")


def _rows(table: Path) -> csv.DictReader[str]:
    """The table without a meaning for quotation marks, which sentences have."""
    text = table.read_text(encoding="utf-8-sig")
    return csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)


def _is_common_voice(table: Path) -> bool:
    return {"path", "sentence"} <= set(_rows(table).fieldnames or ())


def _only(folder: Path, tables: list[Path]) -> Path:
    """The table to take: the only one, or test.tsv."""
    for table in tables:
        if len(tables) == 1 or table.name == _PREFERRED:
            return table
    names = ", ".join(table.name for table in tables)
    raise OptionError(f"{folder}: which of {names} is the dataset? Give that file instead of the folder")


def _of_table(table: Path) -> Iterator[Found]:
    if not _is_common_voice(table):
        raise OptionError(f"{table}: a table of Common Voice has the columns path and sentence")
    try:
        for row in _rows(table):
            name, text = row.get("path") or "", row.get("sentence") or ""
            audio = table.parent / "clips" / name
            language = (row.get("locale") or "").partition("-")[0].lower()
            if not name or not audio.is_file():
                yield Skipped(name, f"{audio} is not there")
            else:
                yield Recording(name, audio, text, language or None)
    except csv.Error as error:
        raise OptionError(f"{table}: not a table: {error}") from error


def _of_pairs(folder: Path, language: str | None) -> Iterator[Found]:
    for audio in sorted(folder.rglob("*")):
        if audio.suffix.lower() not in SUFFIXES or not audio.is_file():
            continue
        name, text = audio.relative_to(folder).as_posix(), audio.with_suffix(".txt")
        if not text.is_file():
            yield Skipped(name, f"{text.name} is not beside it")
            continue
        try:
            yield Recording(name, audio, text.read_text(encoding="utf-8").strip(), language)
        except (OSError, UnicodeDecodeError) as error:
            yield Skipped(name, f"{text.name} cannot be read: {error}")
