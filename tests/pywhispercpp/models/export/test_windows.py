"""Long sound in pieces: nothing is lost, nothing is doubled, cuts are made in silence."""

from __future__ import annotations

import numpy as np
import pytest

from pywhispercpp.models.export.windows import windows


@pytest.mark.parametrize("length", [1, 7999, 8000, 8001, 30000])
def test_all_of_the_sound_is_there_once(length: int) -> None:
    sound = np.arange(1, length + 1, dtype=np.float32)  # no zero in it
    pieces = list(windows(sound, 8000))
    assert {len(piece) for piece in pieces} == {8000}
    heard = np.concatenate([piece[: np.count_nonzero(piece)] for piece in pieces])
    assert np.array_equal(heard, sound)


def test_cuts_are_made_where_it_is_quiet() -> None:
    sound = np.ones(30000, np.float32)
    sound[14000:18000] = 0.01
    first, second = windows(sound, 20000)
    assert 15000 < np.count_nonzero(first) < 17000
    assert np.count_nonzero(first) + np.count_nonzero(second) == 30000


def test_no_sound_no_pieces() -> None:
    assert list(windows(np.zeros(0, np.float32), 100)) == []


def test_pieces_shorter_than_the_quiet_stretch() -> None:
    assert sum(np.count_nonzero(piece) for piece in windows(np.ones(1000, np.float32), 30)) == 1000
