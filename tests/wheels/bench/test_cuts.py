"""Cuts are whole utterances in their order, of about the wanted length."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from scripts import wav
from wheels.bench import cuts


@pytest.fixture
def pieces(tmp_path: Path) -> list[cuts.Utterance]:
    """Twelve utterances of 0.5 to 2 s, each of samples of its own value, and one of 9 s."""
    for number in range(1, 13):
        length = 9 if number == 6 else 0.5 + number % 4 * 0.5
        wav.write(tmp_path / f"{number:02}.wav", [bytes([number, 0]) * round(length * wav.RATE)])
        (tmp_path / f"{number:02}.txt").write_text(f"word\n{number}\n")
    return cuts.utterances(tmp_path)


def test_utterances_come_by_name_with_text_and_length(pieces: list[cuts.Utterance]) -> None:
    assert [piece.text for piece in pieces] == [f"word {number}" for number in range(1, 13)]
    assert pieces[0].seconds == 1.0


@pytest.mark.parametrize("wanted", [2, 3, 5])
def test_groups_are_about_as_long_as_wanted_and_share_nothing(
    pieces: list[cuts.Utterance], wanted: int, tmp_path: Path
) -> None:
    found = list(cuts.groups(pieces, wanted))
    assert len(found) >= 2
    for number, run in enumerate(found):
        cut = cuts.write(run, tmp_path / f"cut{number}.wav")
        with wave.open(str(cut.audio)) as file:
            assert file.getnframes() / wav.RATE == pytest.approx(cut.seconds)
        assert 0.8 * wanted <= cut.seconds <= 1.2 * wanted
        assert cut.text == " ".join(piece.text for piece in run)
    used = [piece.text for run in found for piece in run]
    assert len(used) == len(set(used))
    assert "word 6" not in used


def test_between_utterances_is_a_pause_and_none_at_the_end(
    pieces: list[cuts.Utterance], tmp_path: Path
) -> None:
    cut = cuts.write(pieces[:2], tmp_path / "cut.wav")
    pause = b"\0\0" * round(cuts.PAUSE * wav.RATE)
    assert wav.read(cut.audio) == b"\1\0" * wav.RATE + pause + b"\2\0" * round(1.5 * wav.RATE)


def test_fewer_are_taken_evenly(pieces: list[cuts.Utterance]) -> None:
    runs = [[piece] for piece in pieces]
    assert [run[0].text for run in cuts.spread(runs, 3)] == ["word 1", "word 5", "word 9"]
    assert cuts.spread(runs, 99) == runs
    assert cuts.spread([], 5) == []
