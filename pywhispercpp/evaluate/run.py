"""evaluate(): prepares the setups, asks each of them for every recording, and counts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Union

from pywhispercpp.decode import SAMPLE_RATE
from pywhispercpp.errors import AudioError, OptionError, PywhispercppError
from pywhispercpp.evaluate import backends, words
from pywhispercpp.evaluate.dataset import Dataset, Recording, Skipped, read
from pywhispercpp.evaluate.memory import available_bytes
from pywhispercpp.evaluate.process import Process, ProcessError
from pywhispercpp.evaluate.result import Evaluation, Heard, Result
from pywhispercpp.evaluate.setup import Context, Setup, checked_context
from pywhispercpp.loading import count
from pywhispercpp.models.export.terms import STEPS_PER_SECOND
from pywhispercpp.models.progress import Progress, QuietProgress

if TYPE_CHECKING:
    from pywhispercpp.audio import Samples
    from pywhispercpp.models.ggml_layout import GgmlHeader

__all__ = ["evaluate"]

Model = Union[str, "os.PathLike[str]"]

_DEFAULT_LANGUAGE = "en"
_FOR_A_PROCESS = 400_000_000  # bytes besides the model's


def evaluate(
    models: Model | Sequence[Model],
    dataset: str | os.PathLike[str] | Dataset | None = None,
    *,
    backends: Sequence[str] = ("ggml",),
    audio_contexts: Sequence[Context] = (1500,),
    language: str | None = None,
    num_samples: int | None = None,
    seed: int = 0,
    n_threads: int = 4,
    exported: str | os.PathLike[str] | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Hear a dataset with every model, backend and context; return word errors, times and memory.

    models: names or paths, one or several. dataset: a folder (see `read`), the set of the package when None.
    backends: of `BACKENDS`. audio_contexts: 1 to 1500 steps of 20 ms, or "auto" for what a recording needs.
    language: of all recordings, "auto" to have the model find it out; what the dataset says when None, and
        English where it says nothing. It chooses the rules by which texts are compared, too.
    num_samples: so many recordings, chosen by `seed`: the same ones each time.
    exported: a folder (or an IR) with the model in the backends' own formats; made for the while when None.
    Each setup runs in a process of its own. They take turns, recording by recording, where memory is enough
    for all of them, else one after another. A setup that cannot run gives a result that says why; a recording
    that cannot be read is in `skipped`. Raises OptionError, ModelError, DownloadError, MissingPackageError.
    """
    words.ready()
    report = progress or QuietProgress()
    contexts = [checked_context(value) for value in audio_contexts]
    found = dataset if isinstance(dataset, Dataset) else read(dataset)
    chosen = found.chosen(None if num_samples is None else count("num_samples", num_samples, 2**31), seed)
    work = _Work(_spoken(chosen, language), count("n_threads", n_threads), report)
    paths = [models] if isinstance(models, (str, os.PathLike)) else list(models)
    with tempfile.TemporaryDirectory(prefix="pywhispercpp-evaluate-") as folder:
        for name in paths:
            given = None if exported is None else Path(exported)
            work.add(name, models_dir, list(backends), contexts, given, Path(folder))
        work.run()
    return work.evaluation(chosen, len(found.recordings), seed, language)


def _spoken(dataset: Dataset, language: str | None) -> list[Recording]:
    """The recordings, each with a language that Whisper knows. Raises OptionError."""
    from pywhispercpp import Model

    known = {*Model.available_languages(), "auto"}
    told = [
        replace(one, language=language or one.language or _DEFAULT_LANGUAGE) for one in dataset.recordings
    ]
    for one in told:
        if one.language not in known:
            raise OptionError(
                f"{one.name}: language={one.language!r} is none that Whisper knows; give --language"
            )
    return told


class _Work:
    """The setups, and what they have heard so far."""

    def __init__(self, recordings: list[Recording], n_threads: int, report: Progress) -> None:
        self._recordings = recordings
        self._n_threads = n_threads
        self._report = report
        self._skipped: dict[str, Skipped] = {}
        self._done = 0
        self.results: list[Result] = []

    def add(
        self,
        model: Model,
        models_dir: str | os.PathLike[str] | None,
        names: list[str],
        contexts: list[Context],
        given: Path | None,
        folder: Path,
    ) -> None:
        """Prepare the setups of one model. One that cannot run becomes a result that says so."""
        from pywhispercpp.loading import model_file

        path, header = model_file(model, models_dir)
        languages = tuple(sorted({one.language or "" for one in self._recordings}))
        place = backends.Place(path, given, _new_folder(folder), languages, self._report)
        for name in names:
            backend = backends.find(name)
            # An export that is given serves one context, but for an IR.
            one_only = given is not None and name in ("onnx", "tflite")
            for context in contexts[:1] if one_only else contexts:
                setup = Setup(str(path), name, context, self._n_threads)
                result = Result(setup, header.weight_type.name)
                self.results.append(result)
                try:
                    _require_language(header, languages)
                    result.setup = replace(setup, exported=backend.prepare(place, context))
                except PywhispercppError as error:
                    result.error = str(error)

    def run(self) -> None:
        """Hear everything."""
        ready = [result for result in self.results if not result.error]
        groups = [ready] if _fits(ready) else [[result] for result in ready]
        for group in groups:
            with ExitStack() as stack:
                running = [(one, process) for one in group if (process := self._start(one, stack))]
                for recording in self._recordings:
                    if any(not result.error for result, _ in running):
                        self._hear(recording, running)

    def _start(self, result: Result, stack: ExitStack) -> Process | None:
        try:
            process = stack.enter_context(Process(result.setup))
        except ProcessError as error:
            result.error = str(error)
            return None
        result.load_s, result.facts = process.started["load_s"], process.started["facts"]
        result.weights = result.facts.get("weights", result.weights)
        if "audio_seconds" in result.facts:  # an export that was given has its own
            result.setup = replace(
                result.setup, audio_context=round(STEPS_PER_SECOND * result.facts["audio_seconds"])
            )
        return process

    def _hear(self, recording: Recording, running: list[tuple[Result, Process]]) -> None:
        """Ask every process that still runs for one recording."""
        samples = self._samples(recording)
        if samples is None:
            return
        for result, process in running:
            if result.error:
                continue
            self._done += 1
            self._report.at(self._done, len(self._recordings) * len(self.results))
            try:
                self._count(result, recording, samples, process)
            except ProcessError as error:
                result.error = str(error)

    def _samples(self, recording: Recording) -> Samples | None:
        from pywhispercpp import audio

        if recording.name in self._skipped:
            return None
        try:
            return audio.load(recording.audio)
        except AudioError as error:
            self._skipped[recording.name] = Skipped(recording.name, str(error))
            self._report.note(f"skipped: {error}")
            return None

    def _count(self, result: Result, recording: Recording, samples: Samples, process: Process) -> None:
        language = recording.language or _DEFAULT_LANGUAGE
        answer = process.ask(samples, language)
        result.peak_bytes = max(result.peak_bytes, answer["peak_bytes"])
        if "error" in answer:
            result.failed.append(Skipped(recording.name, answer["error"]))
            return
        errors = words.compare(recording.text, answer["text"], language)
        took = samples.size / SAMPLE_RATE, answer["seconds"], answer["cpu_s"]
        result.heard.append(Heard(recording.name, recording.text, answer["text"], errors, *took))

    def evaluation(self, dataset: Dataset, available: int, seed: int, language: str | None) -> Evaluation:
        """What was found. A setup that failed with every recording says why."""
        from pywhispercpp.benchmark import machine

        for result in self.results:
            if result.failed and not result.heard and not result.error:
                result.error = result.failed[0].why
        spoken = language or ", ".join(sorted({one.language or "" for one in self._recordings}))
        skipped = (*dataset.skipped, *self._skipped.values())
        return Evaluation(dataset, available, seed, spoken, skipped, self.results, machine())


def _new_folder(folder: Path) -> Path:
    """A folder for the exports of one model: two models may have the same file name."""
    return Path(tempfile.mkdtemp(dir=folder))


def _require_language(header: GgmlHeader, languages: Sequence[str]) -> None:
    """Raise OptionError where an English model is to hear something else."""
    others = sorted({*languages} - {"en", "auto"})
    if others and not header.multilingual:
        raise OptionError(f"the model knows English only, and the recordings are in: {', '.join(others)}")


def _fits(results: Sequence[Result]) -> bool:
    """Whether all processes fit into the memory that is free, with as much again left over."""
    needed = sum(2 * Path(one.setup.model).stat().st_size + _FOR_A_PROCESS for one in results)
    return 2 * needed < available_bytes()
