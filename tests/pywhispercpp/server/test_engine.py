"""The engine: who gets the model when, how it is exchanged and unloaded, and that nobody waits for ever."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from pywhispercpp import Model
from pywhispercpp.errors import ModelError
from pywhispercpp.server.engine import Engine
from tests import small_model
from tests.service import wait_for

PATIENCE_S = 30


class Weights:
    """What a model is to the engine: sessions, and an end after which there are none."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = threading.Event()

    def session(self) -> Weights:
        assert not self.closed.is_set()
        return self

    def close(self) -> None:
        assert not self.closed.is_set()
        self.closed.set()


class Loader:
    """Loads weights and counts them; at most one model is ever in memory."""

    def __init__(self) -> None:
        self.loaded: list[Weights] = []

    def __call__(self, name: str) -> Model:
        if name == "damaged":
            raise ModelError("damaged")
        assert all(one.closed.is_set() for one in self.loaded)
        self.loaded.append(Weights(name))
        return cast(Model, self.loaded[-1])

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.loaded]


def lend(engine: Engine, name: str) -> Any:  # noqa: ANN401 - a context of Weights
    return engine.lent(name)


def started(target: Any, *args: object) -> threading.Thread:  # noqa: ANN401 - Thread's own
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def ended(thread: threading.Thread) -> None:
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "it waits for ever"


def is_waiting(engine: Engine) -> bool:
    """Whether somebody has the turn, who cannot go on."""
    return engine._turn.locked()


def test_all_share_one_model() -> None:
    loader = Loader()
    engine = Engine(loader)
    meeting = threading.Barrier(4)

    def work() -> Weights:
        with lend(engine, "a") as model:
            meeting.wait(PATIENCE_S)  # all have it at once
            assert engine.users == 4
            meeting.wait(PATIENCE_S)
            return cast(Weights, model)

    with ThreadPoolExecutor(4) as pool:
        assert len({id(one.result()) for one in [pool.submit(work) for _ in range(4)]}) == 1
    assert loader.names == ["a"] and engine.users == 0 and engine.name == engine.last_name == "a"


def test_another_model_waits_until_the_first_is_given_back_and_others_behind_it() -> None:
    loader = Loader()
    engine = Engine(loader)
    order: list[str] = []

    def work(name: str) -> None:
        with lend(engine, name) as model:
            order.append(model.name)

    with lend(engine, "a") as first:
        other = started(work, "b")
        wait_for(lambda: is_waiting(engine))
        again = started(work, "a")  # could share what is in memory, and b would never have its turn
        assert order == [] and not first.closed.is_set()
    ended(other)
    ended(again)
    assert order == ["b", "a"] and loader.names == ["a", "b", "a"]


def test_nobody_starves() -> None:
    engine = Engine(Loader())
    over = threading.Event()

    def hammer() -> None:
        while not over.is_set():
            with lend(engine, "a"):
                pass

    hammering = [started(hammer) for _ in range(4)]
    try:
        for name in ("b", "c", "b"):
            with lend(engine, name) as model:
                assert model.name == name
    finally:
        over.set()
    for thread in hammering:
        ended(thread)


def test_an_exchange_waits_and_loads_anew() -> None:
    loader = Loader()
    engine = Engine(loader)
    with lend(engine, "a") as first:
        exchange = started(engine.exchange, "a")
        wait_for(lambda: is_waiting(engine))
        assert not first.closed.is_set()
    ended(exchange)
    assert loader.names == ["a", "a"] and engine.name == "a" and engine.users == 0


@pytest.mark.parametrize("name", ["lent", "preload", "exchange"])
def test_a_model_that_cannot_be_loaded(name: str) -> None:
    loader = Loader()
    engine = Engine(loader)
    engine.preload("a")
    with pytest.raises(ModelError, match="damaged"):
        if name == "lent":
            with engine.lent("damaged"):
                pass
        else:
            getattr(engine, name)("damaged")
    assert (engine.name, engine.last_name, engine.users) == (None, "a", 0)
    with lend(engine, "b") as model:
        assert model.name == "b"


def test_an_error_of_the_borrower_gives_the_model_back() -> None:
    engine = Engine(Loader())
    with pytest.raises(ZeroDivisionError), engine.lent("a"):
        raise ZeroDivisionError
    assert engine.users == 0
    engine.exchange("b")


@pytest.mark.parametrize("name", ["preload", "exchange", "close"])
def test_who_has_it_cannot_wait_for_itself(name: str) -> None:
    engine = Engine(Loader())
    with engine.lent("a"):
        call = getattr(engine, name)
        with pytest.raises(AssertionError, match="borrowed"):
            call() if name == "close" else call("b")
    engine.exchange("b")


def test_unloaded_at_once() -> None:
    loader = Loader()
    engine = Engine(loader, unload_after_s=0)
    threads = threading.active_count()
    with lend(engine, "a") as model:
        pass
    assert model.closed.is_set() and engine.name is None and engine.last_name == "a"
    engine.exchange("a")
    assert loader.loaded[1].closed.is_set()
    assert threading.active_count() == threads  # nobody is left who looks at a clock


def test_unloaded_after_a_while_without_busy_waiting() -> None:
    loader = Loader()
    engine = Engine(loader, unload_after_s=1)
    engine.preload("a")
    start, worked = time.monotonic(), time.process_time()
    assert loader.loaded[0].closed.wait(PATIENCE_S)
    assert time.monotonic() - start > 0.9
    assert time.process_time() - worked < 0.5
    wait_for(lambda: engine.name is None)
    with lend(engine, "a"):
        assert loader.names == ["a", "a"]


def test_whoever_comes_in_the_last_moment_keeps_it() -> None:
    """The timer's work, begun while somebody else has the turn, or the model."""
    loader = Loader()
    engine = Engine(loader, unload_after_s=3600)
    engine.preload("a")
    timer = engine._timer
    assert timer is not None
    with engine._turn:
        engine._unload_idle()
    with lend(engine, "a") as model:
        engine._unload_idle()
        assert not model.closed.is_set()
        assert timer.finished.is_set()  # cancelled
    assert engine._timer is not timer
    engine._unload_idle()
    assert model.closed.is_set() and engine._timer is None
    engine.close()


def test_closed_for_good() -> None:
    loader = Loader()
    engine = Engine(loader, unload_after_s=3600)
    refused = threading.Event()

    def come_late() -> None:
        try:
            engine.preload("a")
        except ModelError:
            refused.set()

    with lend(engine, "a") as model:
        closing = started(engine.close)
        wait_for(lambda: is_waiting(engine))
        late = started(come_late)
        assert not model.closed.is_set()
    ended(closing)
    ended(late)
    assert refused.is_set() and model.closed.is_set() and engine._timer is None
    with pytest.raises(ModelError, match="the service ends"):
        engine.exchange("b")
    engine.close()
    assert loader.names == ["a"]


@pytest.mark.parametrize("unload_after_s", [None, 0, 1])
def test_many_who_do_all_of_it_at_once(unload_after_s: int | None) -> None:
    """Loader and Weights complain of two models in memory, of one that is closed under somebody, or twice."""
    loader = Loader()
    engine = Engine(loader, unload_after_s)

    def work(number: int) -> None:
        random = np.random.default_rng(number)
        for _ in range(60):
            name = str(random.choice(["a", "b", "damaged"]))
            try:
                if random.random() < 0.2:
                    engine.exchange(name)
                    continue
                with lend(engine, name) as model:
                    assert model.name == name and not model.closed.is_set()
                    engine._unload_idle()  # as a timer may at any time
                    assert not model.closed.is_set()
            except ModelError:
                assert name == "damaged"

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, number) for number in range(8)]
        for one in done:
            one.result(PATIENCE_S)
    assert engine.users == 0
    engine.close()
    assert all(one.closed.is_set() for one in loader.loaded)


def test_real_models(tmp_path: Path) -> None:
    """Two, one after the other: their memory is there once."""
    for name in ("one", "two"):
        small_model.write(tmp_path / f"{name}.bin", 256)

    def load(name: str) -> Model:
        return Model(tmp_path / f"{name}.bin", n_sessions=2, n_threads=1)

    engine = Engine(load)
    silence = np.zeros(1600, np.float32)
    for name in ("one", "two", "one"):
        with engine.lent(name) as model:
            assert model.encode(silence, audio_ctx="auto").shape[1] == 256
    with engine.lent("two"), pytest.raises(ModelError):
        model.encode(silence)  # was kept although it was given back
    engine.close()
