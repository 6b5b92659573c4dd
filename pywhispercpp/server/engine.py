"""Engine: the one model in memory, lent to those who work, exchanged and unloaded when nobody does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pywhispercpp.errors import ModelError
from pywhispercpp.model import Model

__all__ = ["Engine"]

logger = logging.getLogger("pywhispercpp.server")


class Engine:
    """Lends the model of a name; all who hold it at once share its weights.

    Loading another model waits until the one in memory is given back by everybody, and whoever comes later
    waits behind it: nobody starves. A thread borrows one at a time: two would wait for each other.
    """

    def __init__(self, load: Callable[[str], Model], unload_after_s: int | None = None) -> None:
        """load(name): loads a model. unload_after_s: idle seconds after which it goes; None for never."""
        self._load = load
        self._unload_after_s = unload_after_s
        self._turn = threading.Lock()  # who holds it decides which model is in memory
        self._idle = threading.Condition()
        self._model: Model | None = None
        self._users = 0
        self._timer: threading.Timer | None = None
        self._is_closed = False
        self._of_thread = threading.local()
        self.name: str | None = None  # of the model in memory
        self.last_name: str | None = None  # of the last one that was

    @property
    def users(self) -> int:
        """How many work with the model."""
        return self._users

    @contextmanager
    def lent(self, name: str) -> Iterator[Model]:
        """Lend a session of the model of that name, loaded when it is not. Raises what loading raises."""
        with self._next():
            model = self._ready(name)
        self._of_thread.has_one = True
        try:
            yield model.session()
        finally:
            self._of_thread.has_one = False
            self._give_back()

    def preload(self, name: str) -> None:
        """Have a model in memory before it is needed. Raises what loading raises."""
        with self.lent(name):
            pass

    def exchange(self, name: str) -> None:
        """Load a model, anew even when it is the one in memory. Raises what loading raises."""
        with self._next():
            self._wait_until_idle()
            self._unload()
            self._ready(name)
        self._give_back()

    def close(self) -> None:
        """Unload the model once nobody works with it; nobody gets one any more."""
        with self._next():
            self._is_closed = True
            self._wait_until_idle()
            self._unload()

    @contextmanager
    def _next(self) -> Iterator[None]:
        """The turn; for a thread that has no model of this engine, for which it would wait for ever."""
        assert not getattr(self._of_thread, "has_one", False), "this thread has borrowed the model already"
        with self._turn:
            yield

    def _ready(self, name: str) -> Model:
        """The model, with one user more; the caller has the turn."""
        if self._is_closed:
            raise ModelError(f"{name} is not loaded: the service ends")
        with self._idle:
            self._stop_timer()
            if self.name == name and self._model is not None:
                self._users += 1
                return self._model
        self._wait_until_idle()
        self._unload()
        logger.info("loading the model %s", name)
        model = self._load(name)
        with self._idle:
            self._model, self._users = model, self._users + 1
            self.name = self.last_name = name
        return model

    def _wait_until_idle(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._users)

    def _give_back(self) -> None:
        with self._idle:
            self._users -= 1
            if self._users:
                return
            self._idle.notify_all()
            if self._unload_after_s == 0:
                self._unload()
            elif self._unload_after_s is not None:
                self._timer = threading.Timer(self._unload_after_s, self._unload_idle)
                self._timer.daemon = True
                self._timer.start()

    def _unload_idle(self) -> None:
        """The timer's work: nothing, where somebody came in the last moment."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            with self._idle:
                if not self._users:
                    self._unload()
        finally:
            self._turn.release()

    def _unload(self) -> None:
        with self._idle:
            self._stop_timer()
            if self._model is None:
                return
            logger.info("unloading the model %s", self.name)
            model, self._model, self.name = self._model, None, None
        model.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
