"""transcribe_many(): many files with one model, in order, and one bad file stops nothing."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar, Union

from pywhispercpp.errors import AudioError, OptionError, TranscriptionError
from pywhispercpp.option_rules import checked

if TYPE_CHECKING:
    from pywhispercpp.model import Model
    from pywhispercpp.segment import Transcript

__all__ = ["FileResult", "Progress", "transcribe_many"]

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[Path, int], object]
Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_WORKERS = 64
AHEAD = 2  # files for each worker that are begun or done before the one whose turn it is


@dataclass(frozen=True)
class FileResult:
    """What became of one file: a transcript, or the error that prevented it."""

    path: Path
    transcript: Transcript | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a transcript."""
        return self.error is None


def transcribe_many(
    model: Model,
    paths: Iterable[Path],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    **params: Any,  # noqa: ANN401
) -> Generator[FileResult, None, None]:
    """Yield one result for each audio file, in the order of `paths`, while the work goes on.

    paths: any iterable; it is asked for a few files ahead of the results, not for all at once.
    workers: files that are worked on at once, each with n_threads threads and a state of its own.
    progress(path, percent): called from the workers' threads, 0 to 100 for each file.
    params: options of Model.transcribe(), for these files only.
    A file that cannot be transcribed gives a result with its error. A wrong option raises OptionError before
    any work; Ctrl-C, closing the generator and any other exception stop all workers within a decoding step.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
        raise OptionError(f"workers={workers!r}: a whole number from 1 to {MOST_WORKERS} is needed")
    if isinstance(paths, (str, bytes, os.PathLike)):
        raise OptionError(f"paths={paths!r}: a list of paths is needed, not one path")
    checked({name: value for name, value in params.items() if name in _checkable()})
    stop = threading.Event()
    work = partial(_one, model.session(), stop, progress, params)
    return in_order(work, paths, workers, stop)


def _checkable() -> frozenset[str]:
    from pywhispercpp.options import BY_NAME

    return frozenset(BY_NAME)


def _one(
    model: Model, stop: threading.Event, progress: Progress | None, params: dict[str, Any], path: Path
) -> FileResult:
    """Transcribe one file on a worker's thread."""
    report = None if progress is None else partial(progress, path)
    try:
        if report:
            report(0)
        transcript = model.transcribe(path, abort_callback=stop.is_set, progress_callback=report, **params)
    except (AudioError, TranscriptionError, OSError, MemoryError) as error:
        return FileResult(path, error=error)
    return FileResult(path, transcript)


def in_order(
    work: Callable[[Given], Made], items: Iterable[Given], workers: int, stop: threading.Event
) -> Generator[Made, None, None]:
    """Yield work(item) for each item in order, `workers` of them at once, a few ahead of what was yielded.

    When this ends early, `stop` is set, and the threads are waited for.
    """
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="pywhispercpp-batch") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            stop.set()
            for future in waiting:
                future.cancel()
