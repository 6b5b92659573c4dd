"""model.stream: segments while the work goes on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pywhispercpp import AudioError, Model, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def test_the_same_segments_as_transcribe(model: Model, jfk: Path) -> None:
    assert [str(s) for s in model.stream(jfk)] == [str(s) for s in model.transcribe(jfk)]


def test_the_first_comes_before_the_last_is_made(model: Model, speech: NDArray[np.float32]) -> None:
    percents: list[int] = []
    segments = model.stream(np.tile(speech, 6), progress_callback=percents.append)
    next(segments)
    assert 100 not in percents
    segments.close()  # type: ignore[attr-defined]


def test_leaving_the_loop_stops_the_work(model: Model, speech: NDArray[np.float32]) -> None:
    for _ in model.stream(np.tile(speech, 30)):
        break
    assert not [t for t in threading.enumerate() if t.name == "pywhispercpp.stream"]
    start = time.monotonic()
    assert model.transcribe(speech[:1600]) == []
    assert time.monotonic() - start < 30


def test_errors_are_raised_where_the_segments_are_wanted(model: Model, tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        list(model.stream(tmp_path / "none.wav"))
    with pytest.raises(OptionError, match="no option"):
        list(model.stream(tmp_path / "none.wav", no_such=1))


def test_an_abort_callback_of_ones_own(model: Model, speech: NDArray[np.float32]) -> None:
    asked: list[int] = []

    def abort() -> bool:
        asked.append(1)
        return True

    assert list(model.stream(speech, abort_callback=abort)) == []
    assert asked
