"""The evaluation set of the package: what the list says, what flite speaks, small enough for a wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pywhispercpp import audio
from pywhispercpp.evaluate import read
from pywhispercpp.evaluate.dataset import SHIPPED
from scripts.errors import BuildError
from scripts.make_evaluation_set import SET, Piece, flite, pack, pieces, recorded

LIMIT = 250_000  # bytes, in every wheel


def test_what_is_installed_is_what_the_list_says() -> None:
    found = read()
    assert [one.audio.parent for one in found.recordings] == [SHIPPED] * len(pieces())
    assert {one.audio.stem: one.text for one in found.recordings} == {one.name: one.text for one in pieces()}
    assert not found.skipped and {one.language for one in found.recordings} == {"en"}
    assert len({one.voice for one in pieces()}) == 3  # two of flite's, and none for jfk.wav


def test_what_is_installed_is_what_git_keeps_and_is_small() -> None:
    kept = {path.name: path.read_bytes() for path in SET.iterdir()}
    assert {path.name: path.read_bytes() for path in SHIPPED.iterdir()} == kept
    assert len(kept) == 2 * len(pieces())
    assert sum(map(len, kept.values())) < LIMIT


@pytest.mark.parametrize("piece", pieces(), ids=lambda piece: piece.name)
def test_the_audio_is_what_the_script_makes_of_the_text(piece: Piece, tmp_path: Path) -> None:
    """Not by its bytes: those depend on the machine's libm and on the version of libopus."""
    try:
        if piece.voice:
            flite()
    except BuildError as missing:
        pytest.skip(str(missing))
    made, kept = audio.load(recorded(piece, tmp_path)), audio.load(SHIPPED / f"{piece.name}.opus")
    assert abs(len(made) - len(kept)) < 160
    length = min(len(made), len(kept))
    assert np.corrcoef(made[:length], kept[:length])[0, 1] > 0.95


def test_packing_gives_the_same_bytes_each_time(jfk: Path, tmp_path: Path) -> None:
    for name in ("a.opus", "b.opus"):
        pack(jfk, tmp_path / name)
    assert (tmp_path / "a.opus").read_bytes() == (tmp_path / "b.opus").read_bytes()
