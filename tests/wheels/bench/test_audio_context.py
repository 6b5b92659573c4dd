"""How many frames are encoded for some audio, and what that does to the text."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wheels.bench import audio_context
from wheels.bench.audio_context import Policy, Result
from wheels.bench.cuts import Utterance
from wheels.bench.tasks import JFK_SAYS
from wheels.bench.words import Errors
from wheels.bench.worker import Setup, start


@pytest.mark.parametrize(
    ("policy", "seconds", "frames"),
    [
        (Policy(0, multiple=1), 2.0, 100),
        (Policy(0, multiple=1), 2.001, 101),
        (Policy(0), 2.0, 128),
        (Policy(128), 2.0, 256),
        (Policy(128), 11.0, 704),
        (Policy(128, least=512), 2.0, 512),
        (Policy(128, least=512), 11.0, 704),
        (Policy(128), 29.0, 0),
        (Policy(0), 60.0, 0),
    ],
)
def test_frames_hold_the_audio_and_the_margin(policy: Policy, seconds: float, frames: int) -> None:
    assert policy.frames(seconds) == frames


WHOLE = Result(2, "1500", 0, "a b c", "a b c", Errors(3, 0, 0, 0), 0.4, 1, 0)


def test_the_table_has_rates_by_length_failures_and_the_encoders_share() -> None:
    cut = replace(WHOLE, policy="+0", audio_ctx=128, errors=Errors(3, 1, 1, 6), encode=0.1, encodes=2)
    long = replace(WHOLE, seconds=5, errors=Errors(6, 0, 0, 0))
    shorter = replace(long, policy="+0", encode=0.1, fallbacks=3, errors=Errors(6, 0, 5, 0))
    head, whole, policy = audio_context.table([WHOLE, cut, long, shorter]).splitlines()
    assert head.split()[:6] == ["frames", "2", "s", "5", "s", "all"]
    assert whole.split() == ["1500", "0.00%", "0.00%", "0.00%", "+0.00..+0.00", "0", "0", "0", "2", "1.00"]
    # 8 errors in 3 words, 5 in 6; one loses some, one goes on; 2 windows and 1; half the time and a quarter.
    cells = ["+0", "266.67%", "83.33%", "144.44%", "+83.33..+266.67", "1", "1", "3", "3", "0.38"]
    assert policy.split() == cells
    assert audio_context.legend([WHOLE, cut, long, shorter]) == (
        "cuts: 1 of 2 s, 1 of 5 s; 9 words for each row"
    )


def test_each_cut_is_heard_with_all_frames_and_with_fewer(tiny_en: Path, jfk: Path, tmp_path: Path) -> None:
    setup = Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, {})
    made = {11: [Utterance(jfk, JFK_SAYS, 11.0)], 15: list[Utterance]()}
    with start(setup) as worker:
        whole, fewer = audio_context.measure(worker, made, [Policy(128)])
    assert (whole.policy, whole.audio_ctx, whole.errors.rate) == ("1500", 0, 0)
    assert (fewer.policy, fewer.audio_ctx, fewer.errors.rate) == ("+128", 704, 0)
    audio_context.note(tmp_path / "results", "ours", fewer)
    audio_context.note(tmp_path / "results", "ours", whole)
    first, second = map(json.loads, (tmp_path / "results").read_text().splitlines())
    assert first["setup"] == "ours" and first["audio_ctx"] == 704 and first["errors"]["words"] == 22
    assert second["policy"] == "1500"


def test_cuts_are_made_of_novel_and_prompts(tmp_path: Path) -> None:
    from scripts import wav

    for name, count in {"novel": 3, "prompts": 60}.items():
        (tmp_path / name).mkdir()
        for number in range(count):
            wav.write(tmp_path / name / f"{number:02}.wav", [b"\1\0" * (2 * wav.RATE)])
            (tmp_path / name / f"{number:02}.txt").write_text(f"{name} {number}")
    (tmp_path / "cuts").mkdir()
    made = audio_context.make_cuts(tmp_path, 3, tmp_path / "cuts")
    assert {seconds: len(found) for seconds, found in made.items()} == dict.fromkeys(audio_context.SECONDS, 3)
    assert made[2][0].text == "novel 0"
    assert all(cut.audio.is_file() for found in made.values() for cut in found)
