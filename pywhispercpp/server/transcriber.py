"""The work itself: the audio of one task becomes a transcript, within limits, watched and cancellable."""

from __future__ import annotations

import io
import logging
import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pywhispercpp import audio
from pywhispercpp.errors import AudioError, ModelError, OptionError, PywhispercppError
from pywhispercpp.model import Model
from pywhispercpp.models import vad_model
from pywhispercpp.segment import Segment, Transcript
from pywhispercpp.server import cpus
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.settings import Settings
from pywhispercpp.server.task import Failure, Task

__all__ = ["Outcome", "Stopped", "Transcriber", "Watcher"]

logger = logging.getLogger("pywhispercpp.server")

DEVICE = "cpu"
LANGUAGES = "language_probabilities"  # asked for beside the options of transcribe()
SHORTEST = audio.SAMPLE_RATE // 10  # whisper.cpp tells no language of less


class Stopped(Exception):
    """The task was cancelled, or the process ends: there is no result, and nothing failed."""


class Watcher:
    """What is told while a task is worked on, on the thread that works; what it wants to know.

    The functions may be called many times a second and must not wait.
    """

    def segment(self, segment: Segment) -> None:
        """A segment was heard."""

    def progress(self, percent: int) -> None:
        """So much is done, 0 to 100."""

    def is_stopped(self) -> bool:
        """Whether nobody wants the result any more."""
        return False


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a transcript, or why there is none; `found` are fields of Task."""

    transcript: Transcript | None
    failure: Failure | None
    found: dict[str, Any]


class Transcriber:
    """Does tasks, as many at once as there are sessions, on a fair share of the CPUs each."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._cores = cpus.usable()
        self._lock = threading.Lock()
        self._at_work = 0

    def run(self, task: Task, path: Path, watcher: Watcher, waiting: int = 0) -> Outcome:
        """Transcribe the audio at `path`; every failure is an Outcome.

        waiting: tasks that could be worked on besides; their share of the CPUs is left to them.
        Raises Stopped when the watcher says so.
        """
        with self._lock:
            self._at_work += 1
        try:
            return self._done(task, path, watcher, waiting)
        except (AudioError, OptionError) as error:
            return Outcome(None, Failure("input", str(error)), {})
        except _TooLong as error:
            return Outcome(None, Failure("time", str(error)), {})
        except (PywhispercppError, MemoryError, OSError) as error:
            # Its words, paths of this machine among them, are for those who run the service.
            logger.error("task %s failed: %s", task.id, error or type(error).__name__)
            return Outcome(None, Failure("internal", "it failed inside: see the service's log"), {})
        finally:
            with self._lock:
                self._at_work -= 1

    def _done(self, task: Task, path: Path, watcher: Watcher, waiting: int) -> Outcome:
        limit, late = math.inf, False

        def is_over() -> bool:
            nonlocal late
            late = time.monotonic() > limit
            return late or watcher.is_stopped()

        media = self._media(task, path, watcher)
        with self._engine.lent(task.model) as model:
            # From here on: loading the model, a download perhaps, is not the task's fault.
            limit = time.monotonic() + self._settings.max_task_s
            if watcher.is_stopped():
                raise Stopped
            heard = model.transcribe(
                media,
                new_segment_callback=watcher.segment,
                progress_callback=watcher.progress,
                abort_callback=is_over,
                extract_probability=True,
                **self._options(task, model, waiting),
            )
            if heard.aborted and late:
                raise _TooLong(f"it took longer than {self._settings.max_task_s} s (max_task_s)")
            if heard.aborted:
                raise Stopped
            probabilities = self._languages(task, model, media)
        found = {
            "language": heard.language or None,
            "language_probabilities": probabilities,
            "duration": heard.duration,
            "used_model": task.model,
            "used_device": DEVICE,
        }
        return Outcome(heard, None, found)

    def _media(self, task: Task, path: Path, watcher: Watcher) -> audio.Samples:
        load = audio.load_channels if task.options.get("diarize") else audio.load
        with _WatchedFile(path, watcher) as file:
            try:
                return load(file, longest_s=self._settings.max_audio_s, name=task.file_name or "the file")
            except AudioError:
                if watcher.is_stopped():
                    raise Stopped from None
                raise

    def _options(self, task: Task, model: Model, waiting: int) -> dict[str, Any]:
        options = {"n_threads": self._threads(model, waiting), **task.options}
        options.pop(LANGUAGES, None)
        if task.task_type == "translate":
            options["translate"] = True
        if options.get("vad"):
            options["vad_model_path"] = self._vad_model()
        return options

    def _vad_model(self) -> Path:
        """The VAD model that is here: nothing is downloaded because a client asks for it."""
        try:
            return vad_model(models_dir=self._settings.models_dir, download=False)
        except ModelError:
            raise OptionError(
                "vad: the service has no VAD model: pywhispercpp models download silero-vad"
            ) from None

    def _languages(self, task: Task, model: Model, media: audio.Samples) -> dict[str, float] | None:
        """How likely each language is in the first 30 s, where that was asked for and the model knows."""
        if not (task.options.get(LANGUAGES) and model.header.multilingual and len(media) >= SHORTEST):
            return None
        mono = media if media.ndim == 1 else media.mean(axis=1, dtype=media.dtype)
        _, found = model.auto_detect_language(mono, offset_ms=0)
        return {code: float(value) for code, value in found.items()}

    def _threads(self, model: Model, waiting: int) -> int:
        if self._settings.n_threads is not None:
            return self._settings.n_threads
        sessions = self._settings.sessions
        if model.backend_info().backend == "openvino":  # it compiles anew for another number
            return max(1, self._cores // sessions)
        return max(1, self._cores // min(sessions, self._at_work + waiting))


class _WatchedFile(io.FileIO):
    """A file that cannot be read any more once nobody wants what is in it: decoding hours takes a while."""

    def __init__(self, path: Path, watcher: Watcher) -> None:
        super().__init__(path)
        self._watcher = watcher

    def read(self, size: int | None = -1) -> bytes:
        """Read at most so many bytes."""
        if self._watcher.is_stopped():
            raise Stopped
        return super().read(size)


class _TooLong(ModelError):
    """The time that a task may take is over."""
