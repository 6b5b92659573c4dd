"""Cuts of speech of a wanted length: whole utterances, so that what is said in each is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import wav

#: Between two utterances of one cut, in seconds; there is none at its end, where a lost word would show.
PAUSE = 0.25
#: A cut may be this much shorter or longer than wanted, as a share of it.
TOLERANCE = 0.2


@dataclass(frozen=True)
class Utterance:
    """A recording and its words."""

    audio: Path
    text: str
    seconds: float


def utterances(folder: Path) -> list[Utterance]:
    """What `scripts.fetch_speech` laid out in a folder, by name: NAME.wav with NAME.txt."""
    found = []
    for audio in sorted(folder.glob("*.wav")):
        seconds = wav.seconds([wav.read(audio)])
        text = " ".join(audio.with_suffix(".txt").read_text(encoding="utf-8").split())
        found.append(Utterance(audio, text, seconds))
    return found


def groups(pieces: Sequence[Utterance], wanted: float) -> Iterator[list[Utterance]]:
    """Runs of consecutive utterances that last about `wanted` seconds; no utterance is in two."""
    run: list[Utterance] = []
    for piece in pieces:
        run.append(piece)
        while run and _length(run) > wanted * (1 + TOLERANCE):
            run.pop(0)
        if run and _length(run) >= wanted * (1 - TOLERANCE):
            yield run
            run = []


def _length(run: Sequence[Utterance]) -> float:
    return sum(piece.seconds for piece in run) + PAUSE * (len(run) - 1)


def spread(found: Sequence[list[Utterance]], most: int) -> list[list[Utterance]]:
    """At most `most` of them, evenly over all."""
    count = min(most, len(found))
    return [found[index * len(found) // count] for index in range(count)]


def write(run: Sequence[Utterance], target: Path) -> Utterance:
    """Write one cut as a WAV file; return it."""
    wav.write(target, [wav.read(piece.audio) for piece in run], PAUSE)
    return Utterance(target, " ".join(piece.text for piece in run), _length(run))
