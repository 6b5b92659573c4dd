"""A live stream's thread: what it borrows and for how long, what is lost and told, and its end."""

from __future__ import annotations

import queue
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import Gauge

from pywhispercpp import AudioError, Model
from pywhispercpp.errors import ModelError
from pywhispercpp.live.segment import LiveSegment
from pywhispercpp.models.registry import MODELS
from pywhispercpp.server.engine import Engine
from pywhispercpp.server.live_stream import (
    MAX_LAG_S,
    Ended,
    Gap,
    LivePlaces,
    LiveStream,
    Ready,
    Request,
    Told,
)
from pywhispercpp.server.pcm import Pcm
from pywhispercpp.server.problems import Problem
from pywhispercpp.server.settings import load
from tests.pywhispercpp.server.conftest import StartService
from tests.service import JFK_WORDS, wait_for, words

PATIENCE_S = 60
SECOND = 16000
SILENCE = np.zeros(SECOND, np.float32)


class Running:
    """A stream, what it has told, and whether it is over."""

    def __init__(self, engine: Engine, model: str = "a", **options: object) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self.over = threading.Event()
        self.stream = LiveStream(engine, load(n_threads=1), Request(model, options), self.told.put)
        self.stream.start(self.over.set)

    def next(self) -> Told:
        return self.told.get(timeout=PATIENCE_S)

    def rest(self) -> list[Told]:
        found = [self.next()]
        while not isinstance(found[-1], Ended):
            found.append(self.next())
        assert self.over.is_set()
        return found


@pytest.fixture
def engine(tiny_en: Path) -> Engine:
    """Its models have any names, and are all the same."""

    def load_one(name: str) -> Model:
        if name == "damaged":
            raise ModelError(name)
        return Model(tiny_en, n_threads=1)

    return Engine(load_one)


def test_what_comes_too_fast_is_dropped_and_told_of(engine: Engine, speech: NDArray[np.float32]) -> None:
    with engine.lent("b"):
        running = Running(engine, step_ms=0)  # waits for its model
        for _ in range(MAX_LAG_S + 10):
            running.stream.put(SILENCE)
        running.stream.put(speech[: 7 * SECOND // 2])
        running.stream.finish()
    assert running.next() == Ready()
    gap = running.next()
    assert isinstance(gap, Gap) and gap.start == 0 and 30 < gap.end < MAX_LAG_S + 10
    *heard, last = running.rest()
    assert last == Ended()
    segments = [one for one in heard if isinstance(one, LiveSegment)]
    assert words(" ".join(one.text for one in segments))[:5] == JFK_WORDS[:5]
    assert segments[0].start > MAX_LAG_S + 10 and segments[-1].end <= MAX_LAG_S + 13.6
    assert segments == heard  # one gap


def test_between_two_hearings_others_may_exchange_the_model(engine: Engine) -> None:
    running = Running(engine)
    assert running.next() == Ready()
    running.stream.put(SILENCE)
    engine.exchange("b")  # does not wait for the stream's end
    assert engine.name == "b"
    running.stream.finish()
    assert running.rest() == [Ended()]


def test_cancelled_while_it_hears(engine: Engine, speech: NDArray[np.float32]) -> None:
    running = Running(engine, length_ms=30_000)
    assert running.next() == Ready()
    running.stream.put(np.concatenate([speech] * 5))
    while not engine.users:
        assert not running.over.is_set()
    running.stream.cancel()
    assert running.over.wait(5)
    assert running.rest()[-1] == Ended()
    engine.close()


def test_cancelled_while_it_waits(engine: Engine) -> None:
    running = Running(engine)
    assert running.next() == Ready()
    running.stream.cancel()
    running.stream.put(SILENCE)
    assert running.rest() == [Ended()]


def test_a_model_that_cannot_be_loaded(engine: Engine) -> None:
    (last,) = Running(engine, "damaged").rest()
    assert isinstance(last, Ended) and isinstance(last.error, ModelError)


def test_without_a_vad_model_loudness_tells(
    engine: Engine, speech: NDArray[np.float32], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: queue.Queue[Told] = queue.Queue()
    settings = load(n_threads=1, models_dir=str(tmp_path))
    stream = LiveStream(engine, settings, Request("a", {"step_ms": 0}), told.put)
    stream.put(speech[: 7 * SECOND // 2])
    stream.finish()
    over = threading.Event()
    stream.start(over.set)
    assert over.wait(PATIENCE_S)
    found = [one for one in told.queue if isinstance(one, LiveSegment)]
    assert words(" ".join(one.text for one in found))[:2] == JFK_WORDS[:2]
    assert "pywhispercpp models download silero-vad" in caplog.text


def test_places() -> None:
    gauge = Gauge("live", "live", registry=None)
    places = LivePlaces(2, gauge)
    places.take()
    places.take()
    with pytest.raises(Problem, match="max_live_sessions") as caught:
        places.take()
    assert caught.value.status == 503
    places.give_back()
    places.take()
    with pytest.raises(Problem):
        LivePlaces(0, gauge).take()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 192_000])
@pytest.mark.parametrize("kind", ["s16le", "f32le"])
def test_a_tone_stays_the_tone_at_any_rate_in_any_pieces(rate: int, kind: str) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate) / 2
    data = (tone * 32768).astype("<i2").tobytes() if kind == "s16le" else tone.astype("<f4").tobytes()
    pcm = Pcm(kind, rate)
    pieces = [pcm.push(data[first : first + 7919]) for first in range(0, len(data), 7919)]
    heard = np.concatenate([*pieces, pcm.finish()])
    assert abs(heard.size - SECOND) <= 32 and heard.dtype == np.float32
    expected = np.sin(2 * np.pi * 440 * np.arange(heard.size) / SECOND) / 2
    assert np.abs(heard - expected)[200:-200].max() < 0.02


def test_half_a_sample_is_nothing() -> None:
    pcm = Pcm("s16le", 16000)
    assert pcm.push(b"\x01").size == 0 and pcm.push(b"").size == 0
    assert pcm.push(b"\x02\x03") == np.float32(0x0201 / 32768)
    assert pcm.finish().size == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_none(value: float) -> None:
    with pytest.raises(AudioError):
        Pcm("f32le", 44100).push(np.full(100, value, "<f4").tobytes())


def test_the_vad_model_comes_with_the_service(
    start_service: StartService, silero: Path, tmp_path: Path
) -> None:
    vad = MODELS["silero-vad"]
    published = tmp_path / "mirror" / vad.repository / "resolve" / "main" / vad.file_name
    published.parent.mkdir(parents=True)
    published.symlink_to(silero)
    models = tmp_path / "models"
    models.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as mirror:
        threading.Thread(target=mirror.serve_forever, daemon=True).start()
        start_service(
            models_dir=models, environment={"HF_ENDPOINT": f"http://127.0.0.1:{mirror.server_port}"}
        )
        wait_for((models / silero.name).is_file)
        mirror.shutdown()
    assert (models / silero.name).read_bytes() == silero.read_bytes()
