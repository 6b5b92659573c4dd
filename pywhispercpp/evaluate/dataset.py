"""Recordings with what is said in them: from a folder in one of three layouts, or the set in the package."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from pywhispercpp.errors import OptionError

__all__ = ["SHIPPED", "Dataset", "Recording", "Skipped", "read"]

#: The set that comes with the package: jfk.wav and twelve sentences that flite spoke, in English.
SHIPPED = Path(__file__).parent / "set"


@dataclass(frozen=True)
class Recording:
    """One recording: its name in the dataset, its file, what is said, and the language where it is told."""

    name: str
    audio: Path
    text: str
    language: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A recording that takes no part, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Dataset:
    """What was found in a folder.

    Attributes:
        path: the folder, or the table of a Common Voice dataset.
        layout: LibriSpeech, Common Voice, plain, or shipped.
        recordings: in the order of their names.
        skipped: what looked like a recording and cannot take part.
    """

    path: Path
    layout: str
    recordings: tuple[Recording, ...]
    skipped: tuple[Skipped, ...] = ()

    def __str__(self) -> str:
        """Where it is, in words."""
        if self.layout == "shipped":
            return "the recordings of the package"
        return f"{self.path} ({self.layout})"

    def chosen(self, num_samples: int | None, seed: int = 0) -> Dataset:
        """The same with `num_samples` of its recordings at most; the same ones for the same seed."""
        if num_samples is None or num_samples >= len(self.recordings):
            return self
        if num_samples < 1:
            raise OptionError(f"num_samples={num_samples}: 1 or more is needed")
        picked = Random(seed).sample(self.recordings, num_samples)
        return replace(self, recordings=tuple(sorted(picked, key=lambda recording: recording.name)))


def read(path: str | os.PathLike[str] | None = None) -> Dataset:
    """Find the recordings of a folder, in whichever layout it has; those of the package when None.

    LibriSpeech: …/*.trans.txt, each line a name and a text, with NAME.flac beside it. Common Voice: a table
    *.tsv with the columns path and sentence, and a folder clips; give the table where there are several.
    Plain: recordings with NAME.txt beside NAME.wav (or .mp3, .flac, .opus, …), in any folder below.
    Raises OptionError where there is none of it.
    """
    from pywhispercpp.evaluate import layouts

    if path is None:
        return replace(layouts.plain(SHIPPED, "en"), layout="shipped")
    place = Path(path)
    try:
        found = layouts.find(place)
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{place}: the dataset cannot be read: {error}") from error
    if not found.recordings:
        why = f" ({len(found.skipped)} were skipped: {found.skipped[0].why})" if found.skipped else ""
        raise OptionError(
            f"{place}: no recordings with their texts are there{why}; known are LibriSpeech (*.trans.txt), "
            "Common Voice (*.tsv with path and sentence, and clips/), and NAME.txt beside NAME.wav"
        )
    ordered = sorted(found.recordings, key=lambda recording: recording.name)
    return replace(found, recordings=tuple(ordered))
