"""Whole files: how long they take, and how many words are wrong."""

from __future__ import annotations

import sys
from pathlib import Path

from wheels.bench import files
from wheels.bench.setups import GREEDY
from wheels.bench.worker import Setup, start


def test_the_table_has_times_ratios_and_wrong_words(jfk: Path) -> None:
    wrong = files.JFK_SAYS.replace("country", "county")
    results = [
        [{"total": total, "cpu": 3.0, "text": files.JFK_SAYS} for total in (4.0, 2.0, 3.0)],
        [{"total": total, "cpu": 2.0, "text": wrong} for total in (2.0, 1.0, 1.0)],
    ]
    head, one, two = files.table(jfk, files.JFK_SAYS, ["theirs", "ours"], results).splitlines()
    assert head.startswith("jfk.wav, 11 s ")
    assert one.split() == ["theirs", "3.00", "s", "2.50-3.50", "1.00", "1.00", "3.7x", "0.00%"]
    assert two.split() == ["ours", "1.00", "s", "1.00-1.50", "2.00", "1.50", "11.0x", "9.09%"]


def test_a_file_is_heard_right_with_the_settings_of_the_comparison(tiny_en: Path, jfk: Path) -> None:
    setup = Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, GREEDY)
    with start(setup) as worker:
        ((answer,),) = files.measure([worker], jfk, rounds=1)
    assert files.table(jfk, files.JFK_SAYS, ["ours"], [[answer]]).endswith(" 0.00%")
