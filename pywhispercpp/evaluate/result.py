"""What an evaluation found: for each setup, and for each recording that it heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pywhispercpp.evaluate.dataset import Dataset, Skipped
from pywhispercpp.evaluate.setup import Setup
from pywhispercpp.evaluate.words import Errors, total

__all__ = ["Evaluation", "Heard", "Result"]


@dataclass(frozen=True)
class Heard:
    """What became of one recording.

    Attributes:
        name, reference: of the recording.
        text: what was heard.
        errors: how the text differs from the reference.
        audio_s: seconds of audio.
        seconds: how long the work took; reading the file is no part of it.
        cpu_s: seconds of all cores together.
    """

    name: str
    reference: str
    text: str
    errors: Errors
    audio_s: float
    seconds: float
    cpu_s: float


@dataclass
class Result:
    """One row: what a setup heard, and what it cost.

    Attributes:
        weights: how matrices are stored, such as f16 or q5_1, in the ggml file or the export of it.
        error: why there is no figure; empty for a row with figures.
        heard: every recording that was heard.
        failed: recordings that this setup could not transcribe.
        load_s: loading the model, once.
        peak_bytes: the most memory that the process had, Python and all libraries included.
        facts: what the backend says of itself.
    """

    setup: Setup
    weights: str = ""
    error: str = ""
    heard: list[Heard] = field(default_factory=list)
    failed: list[Skipped] = field(default_factory=list)
    load_s: float = 0.0
    peak_bytes: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> Errors:
        """All errors together."""
        return total(one.errors for one in self.heard)

    @property
    def wer(self) -> float:
        """Wrong words for each word that was said, over all recordings."""
        return self.errors.wer

    @property
    def cer(self) -> float:
        """Wrong letters for each letter of the references."""
        return self.errors.cer

    @property
    def rtf(self) -> float:
        """Seconds of work for each second of audio: below 1 is faster than it is spoken."""
        return self._for_each_second(sum(one.seconds for one in self.heard))

    @property
    def cpu_rtf(self) -> float:
        """The same in seconds of all cores together; what else the machine does counts less there."""
        return self._for_each_second(sum(one.cpu_s for one in self.heard))

    def _for_each_second(self, seconds: float) -> float:
        audio = sum(one.audio_s for one in self.heard)
        return seconds / audio if audio else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the setup, the rates, and every recording."""
        rates = {name: getattr(self, name) for name in ("wer", "cer", "rtf", "cpu_rtf")} if self.heard else {}
        own = {name: getattr(self, name) for name in ("weights", "error", "load_s", "peak_bytes", "facts")}
        lists = {name: [asdict(one) for one in getattr(self, name)] for name in ("failed", "heard")}
        errors = asdict(self.errors)
        return {**asdict(self.setup), "name": self.setup.name, **own, **rates, "errors": errors, **lists}


@dataclass(frozen=True)
class Evaluation:
    """Everything that was found.

    Attributes:
        dataset: with the recordings that were chosen.
        available: how many recordings the dataset has.
        seed: what they were chosen by.
        language: what they are taken to be in; "auto" where the model was to find out.
        skipped: recordings that no setup heard, and why.
        results: one for each setup, in the order of what was asked for.
        machine: the CPU, the code, the versions.
    """

    dataset: Dataset
    available: int
    seed: int
    language: str
    skipped: Sequence[Skipped]
    results: Sequence[Result]
    machine: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether there is a figure at all."""
        return any(result.heard for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        dataset = {
            "path": str(self.dataset.path),
            "layout": self.dataset.layout,
            "available": self.available,
            "chosen": [recording.name for recording in self.dataset.recordings],
            "seed": self.seed,
            "language": self.language,
            "skipped": [asdict(one) for one in self.skipped],
        }
        results = [result.as_dict() for result in self.results]
        return {"machine": self.machine, "dataset": dataset, "results": results}
