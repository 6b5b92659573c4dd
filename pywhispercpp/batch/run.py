"""A batch from its tasks to its files: skips what is done, writes what comes, notes it in the journal."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Protocol

from pywhispercpp.atomic_file import writing
from pywhispercpp.batch.claims import Claims
from pywhispercpp.batch.journal import Journal, stamp
from pywhispercpp.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from pywhispercpp.batch.tasks import Task
    from pywhispercpp.formats import Details, Format
    from pywhispercpp.many import FileResult
    from pywhispercpp.segment import Transcript

    MakeDetails = Callable[[Task, Path, Transcript, dict[str, Any]], Details]

POLL = 0.5  # seconds between two looks at what another run works on

__all__ = ["Outcome", "Workers", "run"]


class Workers(Protocol):
    """Who transcribes: threads here, or a cluster."""

    def many(self, paths: Iterable[Path]) -> Generator[FileResult, None, None]:
        """Yield one result for each path, in order; `paths` is asked for a few at a time."""

    def facts(self) -> dict[str, Any]:
        """Return what formats.facts() says of the model."""


@dataclass(frozen=True)
class Outcome:
    """What became of a task: "done", "skipped" (it was done before) or "failed"."""

    task: Task
    kind: str
    seconds: float = 0.0
    error: str = ""


def run(
    tasks: Sequence[Task],
    formats: Sequence[Format],
    workers: Workers,
    details: MakeDetails,
    *,
    overwrite: bool = False,
    busy: Callable[[Task], object] | None = None,
) -> Iterator[Outcome]:
    """Transcribe what is not done yet and write it; yield what became of each task.

    details(task, path, transcript, facts): what the format of the file `path` needs.
    overwrite: do also what is done.
    busy(task): called once for a task that another run works on; it is waited for at the end.
    A task is done when all of its files are there and its source is what it was then. Raises OutputError
    where nothing can be written, and what the workers raise.
    """
    with ExitStack() as stack:
        batch = _Batch(formats, workers, details, overwrite, stack)
        left = list(tasks)
        told: set[Task] = set()
        while left:
            others: list[Task] = []
            yield from batch.round(left, others)
            for task in others:
                if busy and task not in told:
                    told.add(task)
                    busy(task)
            if others:
                time.sleep(POLL)
            left = others


@dataclass
class _Folder:
    journal: Journal
    claims: Claims


class _Batch:
    def __init__(
        self,
        formats: Sequence[Format],
        workers: Workers,
        details: MakeDetails,
        overwrite: bool,
        stack: ExitStack,
    ) -> None:
        self._formats = formats
        self._workers = workers
        self._details = details
        self._overwrite = overwrite
        self._stack = stack
        self._folders: dict[Path, _Folder] = {}
        self._skipped: deque[Outcome] = deque()
        self._given: deque[tuple[Task, list[int]]] = deque()

    def _folder(self, task: Task) -> _Folder:
        if task.folder not in self._folders:
            journal = self._stack.enter_context(closing(Journal(task.folder)))
            claims = self._stack.enter_context(closing(Claims(task.folder)))
            self._folders[task.folder] = _Folder(journal, claims)
        return self._folders[task.folder]

    def round(self, tasks: Sequence[Task], others: list[Task]) -> Iterator[Outcome]:
        """Do what can be done now; what another run has goes to `others`."""
        left = []
        for task in tasks:  # what is done already is told before the model is even loaded
            self._folder(task).journal.refresh()
            if self._is_done(task):
                yield Outcome(task, "skipped")
            else:
                left.append(task)
        for task, is_mine in self._first_claims(left):
            if is_mine:
                break
            others.append(task)
        else:
            return
        with closing(self._workers.many(self._claimed(left[len(others) :], others))) as results:
            for result in results:
                task, source = self._given.popleft()
                yield from self._told()
                yield self._finish(task, source, result)
                self._folder(task).claims.free(task)
        yield from self._told()

    def _first_claims(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bool]]:
        """Each task and whether it can be this run's: without one, no model is needed."""
        for task in tasks:
            yield task, self._folder(task).claims.take(task)

    def _told(self) -> Iterator[Outcome]:
        while self._skipped:
            yield self._skipped.popleft()

    def _is_done(self, task: Task) -> bool:
        if self._overwrite:
            return False
        return self._folder(task).journal.is_done(task, task.outputs(self._formats))

    def _claimed(self, tasks: Iterable[Task], others: list[Task]) -> Iterator[Path]:
        """The sources of the tasks that are this run's, claimed as they are asked for."""
        for task in tasks:
            folder = self._folder(task)
            if not folder.claims.take(task):
                others.append(task)
                continue
            folder.journal.refresh()  # another run may have done it since
            if self._is_done(task):
                folder.claims.free(task)
                self._skipped.append(Outcome(task, "skipped"))
                continue
            self._given.append((task, stamp(task)))
            yield task.source

    def _finish(self, task: Task, source: list[int], result: FileResult) -> Outcome:
        journal = self._folder(task).journal
        if result.transcript is None:
            error = str(result.error)
            journal.add(task, source, ok=False, error=error)
            return Outcome(task, "failed", error=error)
        transcript = result.transcript
        self._write(task, transcript)
        names = [os.fspath(path.relative_to(task.folder)) for path in task.outputs(self._formats)]
        journal.add(task, source, ok=True, outputs=names, seconds=round(transcript.duration, 3))
        return Outcome(task, "done", transcript.duration)

    def _write(self, task: Task, transcript: Transcript) -> None:
        """Write all files of a task; each is whole or not there."""
        facts = self._workers.facts()
        for one, path in zip(self._formats, task.outputs(self._formats)):
            content = one.render(transcript, self._details(task, path, transcript, facts))
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
            with writing(path, "wb") as file:
                file.write(content)
