"""What is transcribed: a short file, a long one, twenty utterances one after another."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts import wav
from scripts.fetch_speech import LONG
from scripts.fetch_speech import fetch as fetch_speech
from wheels.bench import cuts, words
from wheels.bench.cuts import Utterance
from wheels.bench.rounds import interleave
from wheels.bench.worker import Worker

__all__ = ["JFK_SAYS", "NAMES", "Task", "Took", "make", "measure", "utterances"]

JFK_SAYS = (
    "And so, my fellow Americans: ask not what your country can do for you, "
    "ask what you can do for your country."
)
NAMES = ("jfk", "long", "short")
UTTERANCES = 20
SECONDS = (1.5, 8.0)  # of an utterance
LEAST_WORDS = 5
#: Before each measurement: threads of OpenMP and MKL spin for 0.2 s after they have done their part.
REST = 0.3
STEPS = ("mel", "encode", "decode", "sample")


@dataclass(frozen=True)
class Task:
    """What one measurement transcribes, piece after piece; it is measured `times` times a round."""

    name: str
    pieces: tuple[Utterance, ...]
    times: int = 1

    @property
    def seconds(self) -> float:
        """How long the speech is."""
        return sum(piece.seconds for piece in self.pieces)


@dataclass(frozen=True)
class Took:
    """One measurement: seconds, CPU seconds, those of each step that whisper.cpp tells, the most memory."""

    total: float
    cpu: float
    steps: dict[str, float]
    peak: int
    texts: tuple[str, ...]

    def errors(self, task: Task) -> words.Errors:
        """Wrong words."""
        return words.total(words.compare(piece.text, text) for piece, text in zip(task.pieces, self.texts))

    @property
    def digest(self) -> str:
        """The same for the same text."""
        return hashlib.sha256("\n".join(self.texts).encode()).hexdigest()[:16]


def make(name: str, jfk: Path) -> Task:
    """The task of this name."""
    if name == "jfk":
        return Task(name, (Utterance(jfk, JFK_SAYS, wav.seconds([wav.read(jfk)])),), times=3)
    speech = fetch_speech()
    if name == "short":
        return Task(name, tuple(utterances(speech)))
    (long,) = (one for one in cuts.utterances((speech / LONG).parent) if one.audio.name == Path(LONG).name)
    return Task(name, (long,))


def utterances(speech: Path) -> list[Utterance]:
    """The sentences of the novel that are short enough, and announcements, evenly out of all that are."""
    low, high = SECONDS
    novel, prompts = (
        [one for one in cuts.utterances(speech / name) if low <= one.seconds <= high]
        for name in ("novel", "prompts")
    )
    sentences = [[one] for one in prompts if _is_sentence(one.text)]
    chosen = cuts.spread(sentences, UTTERANCES - len(novel))
    return [*novel, *(one for (one,) in chosen)]


def _is_sentence(text: str) -> bool:
    return len(text.split()) >= LEAST_WORDS and text[-1] in ".!?" and not text.endswith("..")


def measure(workers: Sequence[Worker], task: Task, rounds: int, rest: float = REST) -> list[list[Took]]:
    """What each worker took, one a round; they are warm already."""
    runs: list[Callable[[], Took]] = [partial(_hear, worker, task, rest) for worker in workers]
    return interleave(runs, rounds * task.times, warm=True)


def _hear(worker: Worker, task: Task, rest: float) -> Took:
    time.sleep(rest)
    answers = [worker.ask(piece.audio) for piece in task.pieces]
    told = [name for name in STEPS if name in answers[0]]
    steps = {name: float(sum(answer[name] for answer in answers)) for name in told}
    return Took(
        sum(answer["total"] for answer in answers),
        sum(answer["cpu"] for answer in answers),
        steps,
        max(answer["peak"] for answer in answers),
        tuple(answer["text"] for answer in answers),
    )
