"""transcribe_many: results in order, one bad file that stops nothing, bounded look-ahead, an end at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pywhispercpp import AudioError, Model, OptionError, audio
from pywhispercpp.many import AHEAD, FileResult, in_order, transcribe_many

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tests.pywhispercpp.conftest import WavFactory

FAST: dict[str, Any] = {"audio_ctx": 512, "temperature_inc": 0.0, "n_threads": 1}


@pytest.fixture
def files(speech: NDArray[np.float32], wav: WavFactory, tmp_path: Path) -> list[Path]:
    """A longer one, two bad ones, two short ones."""
    (tmp_path / "text.mp3").write_text("no audio")
    long, short = wav(speech[: 16000 * 8], name="long.wav"), wav(speech[: 16000 * 3], name="short.wav")
    return [long, tmp_path / "text.mp3", short, tmp_path / "none.wav", short]


@pytest.mark.parametrize("workers", [1, 3])
def test_results_are_in_order_and_a_bad_file_is_reported(
    own_model: Model, files: list[Path], workers: int
) -> None:
    before = own_model.get_params()
    results = list(transcribe_many(own_model, files, workers=workers, **FAST))
    assert own_model.get_params() == before, "its options are for this batch only"
    assert [one.path for one in results] == files
    assert [one.ok for one in results] == [True, False, True, False, True]
    texts = [one.transcript.text.lower() for one in results if one.transcript is not None]
    assert all("fellow american" in text for text in texts)
    assert "country" in texts[0]
    assert texts[1] == texts[2]
    assert isinstance(results[1].error, AudioError)
    assert "text.mp3" in str(results[1].error)
    assert isinstance(results[3].error, FileNotFoundError)


def test_progress_comes_for_each_file(own_model: Model, files: list[Path]) -> None:
    seen: list[tuple[Any, int]] = []
    done = list(transcribe_many(own_model, files[:3], progress=lambda *one: seen.append(one), **FAST))
    assert len(done) == 3
    assert [percent for path, percent in seen if path == files[0]][-1] == 100
    assert (files[1], 0) in seen


def test_paths_are_asked_for_a_few_at_a_time(own_model: Model, files: list[Path]) -> None:
    asked: list[int] = []

    def endless() -> Iterator[Path]:
        while True:
            asked.append(len(asked))
            yield files[1]

    results = transcribe_many(own_model, endless(), workers=2, **FAST)
    for count in range(1, 20):
        assert not next(results).ok
        assert len(asked) <= count + 2 * AHEAD
    results.close()


def test_closing_and_errors_stop_the_workers(own_model: Model, files: list[Path]) -> None:
    begun = threading.Event()

    def progress(path: object, percent: int) -> None:
        begun.set()

    def source() -> Iterator[Path]:
        yield from [files[0]] * 3
        begun.wait(60)
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(transcribe_many(own_model, source(), workers=2, progress=progress, n_threads=1))
    assert time.monotonic() - start < 60
    assert not [t for t in threading.enumerate() if t.name.startswith("pywhispercpp-batch")]
    assert own_model.transcribe(files[2], **FAST).text, "the model goes on working"


def test_what_is_no_fault_of_a_file_is_raised(own_model: Model, files: list[Path]) -> None:
    with pytest.raises(OptionError, match="workers=0"):
        transcribe_many(own_model, files, workers=0)
    with pytest.raises(OptionError, match="a list of paths"):
        transcribe_many(own_model, str(files[0]))
    with pytest.raises(OptionError, match="n_threads"):
        transcribe_many(own_model, files, n_threads=-1)
    with pytest.raises(OptionError, match="tempo"):
        list(transcribe_many(own_model, files, tempo=3))


def test_in_order_holds_the_order_whoever_is_first() -> None:
    def slow_first(number: int) -> FileResult:
        time.sleep(0.2 if number == 0 else 0.0)
        return FileResult(str(number))

    stop = threading.Event()
    assert [one.path for one in in_order(slow_first, range(9), 4, stop)] == [str(n) for n in range(9)]
    assert stop.is_set()


def test_a_result_of_eleven_seconds(own_model: Model, jfk: Path) -> None:
    (one,) = transcribe_many(own_model, iter([jfk]), **FAST)
    assert one.transcript is not None
    assert one.transcript.duration == pytest.approx(audio.load(jfk).size / 16000)
