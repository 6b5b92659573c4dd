"""The same work over Ray: a model in each actor, audio sent to it, transcripts back (the extra `ray`)."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pywhispercpp.errors import (
    AudioError,
    ModelError,
    OptionError,
    PywhispercppError,
    TranscriptionError,
)
from pywhispercpp.extras import require
from pywhispercpp.many import AHEAD, FileResult

__all__ = ["RayWorkers"]

CONNECTS = 5
TRIES = 3  # of one file, each with another worker: then it is the file that kills them
LOCAL = ("ray://local", "local")
SOME = ("ray", "ray://", "auto")


class _NamedBytes(io.BytesIO):
    """A file in memory that errors can name."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


class Worker:
    """What runs in an actor: one model, one file after another."""

    def __init__(self, loading: dict[str, Any]) -> None:
        self._loading = loading
        self._model: Any = None

    def facts(self) -> dict[str, Any]:
        """Load the model, where an error of it reaches the driver; return what formats.facts() says."""
        from pywhispercpp.formats import facts
        from pywhispercpp.model import Model

        self._model = self._model or Model(**self._loading)
        return facts(self._model)

    def transcribe(self, name: str, content: bytes | None, params: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return the transcript, or the error that prevented it; content: the file, None to read it here."""
        media = name if content is None else _NamedBytes(content, name)
        try:
            return self._model.transcribe(media, **params)
        except (AudioError, TranscriptionError, OSError, MemoryError) as error:
            return error


@dataclass
class _Job:
    """A file on its way."""

    number: int
    path: Path
    tries: int = 0


class RayWorkers:
    """Actors of a Ray cluster. A worker that dies is replaced, and its file done again."""

    def __init__(
        self,
        address: str,
        loading: dict[str, Any],
        workers: int | None,
        params: dict[str, Any],
        *,
        shared: bool = False,
    ) -> None:
        """Prepare; nothing is connected to yet.

        address: "ray://HOST:PORT" (a cluster's client port), "HOST:PORT" (its own), "ray://local" (a new one
            on this machine) or "ray" (what RAY_ADDRESS says, or the one that runs here, or a new one).
        loading: arguments of Model; a path in it must be there on every machine of the cluster.
        workers: how many actors, each with n_threads CPUs (1 when not given); what the cluster has when None.
        shared: send the paths of files and not their bytes: every machine sees the same disk.
        """
        self._address = address
        self._loading = loading
        self._workers = workers
        self._params = params
        self._shared = shared
        self._facts: dict[str, Any] = {}

    def facts(self) -> dict[str, Any]:
        """Return what formats.facts() says of the model; empty before the first result."""
        return self._facts

    def many(self, paths: Iterable[Path]) -> Generator[FileResult, None, None]:
        """Yield one result for each path, in order.

        Raises MissingPackageError, OptionError (no such cluster), ModelError (no model there), or what the
        workers raise.
        """
        ray = require("ray", "ray", "--on ray")
        with connected(ray, self._address):
            cpus = self._params.get("n_threads") or 1
            count = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // cpus)
            flow = _Flow(self, ray, count, cpus)
            try:
                yield from flow.results(enumerate(paths))
            finally:
                flow.close()


class _Flow:
    """Files to actors and back: at most one in each, few ahead of the one whose turn it is."""

    def __init__(self, owner: RayWorkers, ray: Any, count: int, cpus: int) -> None:  # noqa: ANN401
        self._owner = owner
        self._ray = ray
        self._count = count
        self._remote = ray.remote(num_cpus=cpus, max_restarts=0)(Worker)
        self._actors: list[Any] = []
        self._starting: dict[Any, Any] = {}  # by the reference to its facts
        self._idle: list[Any] = []
        self._running: dict[Any, tuple[Any, _Job]] = {}
        self._again: list[_Job] = []
        self._done: dict[int, FileResult] = {}
        self._deaths = 0

    def results(self, numbered: Iterator[tuple[int, Path]]) -> Generator[FileResult, None, None]:
        """Yield results in the order of the numbers."""
        following, taken, ended = 0, 0, False
        while True:
            while self._again and self._idle:
                self._submit(self._again.pop())
            while not ended and taken - following < self._count * AHEAD and self._has_room():
                number, path = next(numbered, (-1, None))
                if path is None:
                    ended = True
                else:
                    taken = number + 1
                    self._submit(_Job(number, path))
            while following in self._done:
                yield self._done.pop(following)
                following += 1
            if ended and following == taken:
                return
            self._wait()

    def _has_room(self) -> bool:
        """Whether an actor waits for work; the first file starts them."""
        if not self._actors:
            for _ in range(self._count):
                self._start()
        return bool(self._idle)

    def _start(self) -> None:
        actor = self._remote.remote(self._owner._loading)
        self._actors.append(actor)
        self._starting[actor.facts.remote()] = actor

    def _submit(self, job: _Job) -> None:
        name = os.fspath(job.path)
        content = None
        if not self._owner._shared:
            try:
                content = job.path.read_bytes()
            except OSError as error:
                self._done[job.number] = FileResult(
                    job.path, error=AudioError(f"{name} cannot be read: {error}")
                )
                return
        actor = self._idle.pop()
        job.tries += 1
        self._running[actor.transcribe.remote(name, content, self._owner._params)] = (actor, job)

    def _wait(self) -> None:
        """Take in what is ready."""
        references = [*self._running, *self._starting]
        if not references:
            return
        ready, _ = self._ray.wait(references, num_returns=1, timeout=1.0)
        for reference in ready:
            if reference in self._starting:
                self._started(reference)
            else:
                self._ended(reference)

    def _started(self, reference: Any) -> None:  # noqa: ANN401
        actor = self._starting.pop(reference)
        try:
            self._owner._facts = self._value(reference)
        except self._ray.exceptions.RayActorError as error:
            self._deaths += 1
            if self._deaths >= TRIES and not self._owner._facts:
                raise ModelError(
                    f"no worker of {self._owner._address} can start: {_last_line(error)}"
                ) from None
            self._replace(actor)
        else:
            self._idle.append(actor)

    def _ended(self, reference: Any) -> None:  # noqa: ANN401
        actor, job = self._running.pop(reference)
        try:
            value = self._value(reference)
        except self._ray.exceptions.RayActorError as error:
            self._replace(actor)
            if job.tries < TRIES:
                self._again.append(job)
            else:
                message = f"{job.path}: {TRIES} workers died of it: {_last_line(error)}"
                self._done[job.number] = FileResult(job.path, error=TranscriptionError(message))
            return
        self._idle.append(actor)
        is_error = isinstance(value, Exception)
        self._done[job.number] = FileResult(
            job.path, None if is_error else value, value if is_error else None
        )

    def _value(self, reference: Any) -> Any:  # noqa: ANN401
        """What a worker returned; what it raised is raised here as it was there."""
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause
            raise (cause if isinstance(cause, PywhispercppError) else error) from None

    def _replace(self, actor: Any) -> None:  # noqa: ANN401
        self._actors.remove(actor)
        self._start()

    def close(self) -> None:
        """End the actors, whatever they are at."""
        for actor in self._actors:
            with contextlib.suppress(Exception):
                self._ray.kill(actor)


@contextlib.contextmanager
def connected(ray: Any, address: str) -> Iterator[None]:  # noqa: ANN401
    """A connection to a cluster, left open when the program had it already. Raises OptionError."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address in LOCAL:
        options.update(address="local", include_dashboard=False)
    elif address not in SOME:
        options.update(address=address)
    _connect(ray, address, options)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str, options: dict[str, Any]) -> None:  # noqa: ANN401
    for left in reversed(range(CONNECTS)):
        try:
            ray.init(**options)
            return
        except (
            ConnectionAbortedError
        ) as error:  # its server for us could not start, or is still ending another
            if not left:
                raise _no_cluster(address, error) from None
            time.sleep(1.0)
        except (OSError, RuntimeError, ValueError, AssertionError, ImportError) as error:
            raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> OptionError:
    return OptionError(
        f"--on {address}: there is no Ray cluster to connect to: {_last_line(error)} "
        "(one that asks for a token needs RAY_AUTH_MODE=token and RAY_AUTH_TOKEN here too)"
    )


def _last_line(error: Exception) -> str:
    """Of a traceback from another machine, its last line says the most."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
