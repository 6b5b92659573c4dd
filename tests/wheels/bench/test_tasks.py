"""What is transcribed, and what is kept of a measurement."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts import wav
from wheels.bench import tasks
from wheels.bench.setups import GREEDY
from wheels.bench.worker import Setup, start


def _piece(folder: Path, name: str, seconds: float, text: str) -> None:
    folder.mkdir(exist_ok=True)
    wav.write(folder / f"{name}.wav", [bytes(2 * int(seconds * wav.RATE))])
    (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")


def test_utterances_are_sentences_of_some_seconds(tmp_path: Path) -> None:
    for number in range(40):
        _piece(tmp_path / "prompts", f"{number:02}", 2, "Please say your name now.")
    _piece(tmp_path / "prompts", "00-few", 2, "Goodbye.")
    _piece(tmp_path / "prompts", "01-goes-on", 2, "To hear the next message...")
    _piece(tmp_path / "prompts", "02-long", 9, "This goes on for too long.")
    _piece(tmp_path / "novel", "one", 3, "he was not an ill disposed young man")
    _piece(tmp_path / "novel", "two", 1, "he was not an ill disposed young man")
    found = tasks.utterances(tmp_path)
    assert len(found) == tasks.UTTERANCES
    assert [one.audio.stem for one in found[:3]] == ["one", "00", "02"]


def test_a_file_is_heard_right_with_the_settings_of_the_comparison(tiny_en: Path, jfk: Path) -> None:
    task = tasks.make("jfk", jfk)
    twice = tasks.Task("twice", task.pieces * 2)
    setup = Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, GREEDY)
    with start(setup) as worker:
        ((once, again, _),) = tasks.measure([worker], task, rounds=1, rest=0)
        ((both,),) = tasks.measure([worker], twice, rounds=1, rest=0)
    assert once.errors(task).rate == 0
    assert (once.digest, len(once.texts)) == (again.digest, 1)
    assert 0 < once.steps["encode"] + once.steps["decode"] < once.total
    assert 100e6 < once.peak < 1e9
    assert (both.errors(twice).words, both.texts) == (2 * once.errors(task).words, once.texts * 2)
    assert both.digest != once.digest
    assert twice.seconds == 2 * task.seconds == 22


def test_jfk_is_measured_more_often_than_what_takes_long(jfk: Path) -> None:
    assert tasks.make("jfk", jfk).times > tasks.Task("long", ()).times
