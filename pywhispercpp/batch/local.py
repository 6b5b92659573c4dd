"""Workers of a batch on this machine: threads that share one model."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from pywhispercpp.formats import facts
from pywhispercpp.many import FileResult, Progress, transcribe_many

if TYPE_CHECKING:
    from pywhispercpp.model import Model


class LocalWorkers:
    """Threads that share one model, which is loaded when there is work."""

    def __init__(
        self,
        load: Callable[[], Model],
        workers: int,
        params: dict[str, Any],
        progress: Progress | None = None,
    ) -> None:
        self._load = load
        self._workers = workers
        self._params = params
        self._progress = progress
        self._model: Model | None = None
        self._facts: dict[str, Any] = {}

    def _loaded(self) -> Model:
        if self._model is None:
            self._model = self._load()
        return self._model

    def many(self, paths: Iterable[Path]) -> Generator[FileResult, None, None]:
        """Yield one result for each path, in order."""
        return transcribe_many(
            self._loaded(), paths, workers=self._workers, progress=self._progress, **self._params
        )

    def facts(self) -> dict[str, Any]:
        """Return what formats.facts() says of the model."""
        self._facts = self._facts or facts(self._loaded())
        return self._facts
