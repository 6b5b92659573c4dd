"""LiveStream: audio that somebody speaks now becomes text, on a thread that borrows the model to hear."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union, cast

from prometheus_client import Gauge

from pywhispercpp.audio import SAMPLE_RATE
from pywhispercpp.errors import PywhispercppError
from pywhispercpp.live.engine import LiveEngine
from pywhispercpp.live.inbox import Inbox
from pywhispercpp.live.segment import LiveSegment
from pywhispercpp.model import Model
from pywhispercpp.models import vad_model
from pywhispercpp.segment import Transcript
from pywhispercpp.server import cpus
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.settings import Settings

if TYPE_CHECKING:
    from pywhispercpp.audio import Samples

__all__ = ["Ended", "Gap", "LivePlaces", "LiveStream", "Ready", "Request"]

logger = logging.getLogger("pywhispercpp.server")

MAX_LAG_S = 60  # audio that may wait for the model; older audio is dropped


class LivePlaces:
    """How many streams there may be at once; a place is taken until the stream's thread has ended."""

    def __init__(self, most: int, gauge: Gauge) -> None:
        self._most = most
        self._gauge = gauge
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> None:
        """Take one. Raises Problem 503 where none is free."""
        with self._lock:
            if self._taken >= self._most:
                raise Problem(
                    503,
                    f"{self._taken} live streams are heard already (max_live_sessions): try again later",
                    "too_many_live_sessions",
                )
            self._taken += 1
            self._gauge.set(self._taken)

    def give_back(self) -> None:
        """Somebody else may have it."""
        with self._lock:
            self._taken -= 1
            self._gauge.set(self._taken)


@dataclass(frozen=True)
class Request:
    """What a stream asks for: the name of a model, options of LiveEngine, and those of transcribe()."""

    model: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """The model is in memory."""


@dataclass(frozen=True)
class Gap:
    """Audio that was dropped, in seconds of the stream, because more came than could be heard."""

    start: float
    end: float


@dataclass(frozen=True)
class Ended:
    """Nothing more comes: all was heard, or there is an error."""

    error: Exception | None = None


Told = Union[Ready, Gap, LiveSegment, Ended]  # what a stream tells, Ended last


class LiveStream:
    """One stream. Audio that comes faster than it can be heard waits, MAX_LAG_S of it; then the oldest goes.

    To stop reading from the client instead would lose nothing, but leave text that is later and later, and
    nobody would see that the client has gone.
    """

    def __init__(
        self, engine: Engine, settings: Settings, request: Request, tell: Callable[[Told], None]
    ) -> None:
        """tell: called on the stream's thread; it must not wait."""
        self._engine = engine
        self._settings = settings
        self._request = request
        self._tell = tell
        self._cancelled = threading.Event()
        self._inbox = Inbox((), MAX_LAG_S * SAMPLE_RATE)
        self._heard = 0  # samples, lost ones among them

    def start(self, when_over: Callable[[], None]) -> None:
        """Begin; when_over is called when the thread has let go of everything, before it tells that."""
        threading.Thread(target=self._run, args=(when_over,), name="live", daemon=True).start()

    def put(self, samples: Samples) -> None:
        """Hear these, shape (n,), at 16 kHz."""
        if samples.size:
            self._inbox.put(samples)

    def finish(self) -> None:
        """Nothing more comes; what waits is heard."""
        self._inbox.end()

    def cancel(self) -> None:
        """End within a decoding step."""
        self._cancelled.set()
        self._inbox.stop()
        self._inbox.end()

    def _run(self, when_over: Callable[[], None]) -> None:
        end = Ended()
        try:
            self._hear()
        except _Cancelled:
            pass
        except Exception as error:
            end = Ended(error)
        when_over()
        self._tell(end)

    def _hear(self) -> None:
        self._engine.preload(self._request.model)
        live = self._live_engine()
        self._tell(Ready())
        while (batch := self._inbox.take()) is not None:
            if batch.gap:
                self._tell(Gap(self._heard / SAMPLE_RATE, (self._heard + batch.gap) / SAMPLE_RATE))
                self._tell_all(live.skip(batch.gap))
            self._heard += batch.gap + batch.samples.size
            self._tell_all(live.push(batch.samples, batch.behind))
        self._tell_all(live.finish())

    def _tell_all(self, segments: list[LiveSegment]) -> None:
        for segment in segments:
            self._tell(segment)

    def _live_engine(self) -> LiveEngine:
        borrowed = _Borrowed(self._engine, self._request.model, self._settings, self._cancelled)
        try:
            silero = vad_model(models_dir=self._settings.models_dir, download=False)
        except PywhispercppError as error:
            # Nothing is downloaded because a client comes.
            logger.warning("live: speech is told from silence by its loudness only: %s", error)
            return LiveEngine(cast(Model, borrowed), vad="energy", **self._request.options)
        return LiveEngine(cast(Model, borrowed), vad_model_path=silero, **self._request.options)


class _Borrowed:
    """The engine's model, held only while it hears: others may exchange it in between."""

    def __init__(self, engine: Engine, name: str, settings: Settings, cancelled: threading.Event) -> None:
        self._engine = engine
        self._name = name
        self._settings = settings
        self._cancelled = cancelled

    def session(self) -> _Borrowed:
        return self

    def transcribe(self, samples: Samples, **options: Any) -> Transcript:  # noqa: ANN401 - Model.transcribe's
        if self._cancelled.is_set():
            raise _Cancelled
        with self._engine.lent(self._name) as model:
            heard = model.transcribe(
                samples, abort_callback=self._cancelled.is_set, n_threads=self._threads(model), **options
            )
        if heard.aborted:
            raise _Cancelled
        return heard

    def _threads(self, model: Model) -> int:
        """Half of the CPUs, or the share of one of those who work now."""
        if self._settings.n_threads is not None:
            return self._settings.n_threads
        cores = cpus.usable()
        sharing = max(2, self._engine.users)
        if model.backend_info().backend == "openvino":  # it compiles anew for another number
            sharing = self._settings.sessions
        return max(1, cores // sharing)


class _Cancelled(Exception):
    """Nobody listens any more."""
