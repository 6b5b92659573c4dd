"""The encoder's time is that of one window, at two contexts, against the first row."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import wav
from scripts.errors import BuildError
from wheels.bench import encoder
from wheels.bench.worker import Setup, start


def test_the_table_has_medians_and_ratios_with_their_quartiles() -> None:
    times = [(0.2, 0.4, 0.3), (0.1, 0.2, 0.1)]
    first, second = ([{"encode": wall, "cpu": 2.0 - n} for wall in own] for n, own in enumerate(times))
    head, one, two = encoder.table(["yardstick", "ours"], 512, [first, second]).splitlines()
    assert head.split()[:2] == ["audio_ctx", "512"]
    assert one.split() == ["yardstick", "300", "ms", "250-350", "1.00", "1.00-1.00", "1.00"]
    assert two.split() == ["ours", "100", "ms", "100-150", "2.00", "2.00-2.50", "2.00"]


def test_each_context_is_measured_once_a_round(tiny_en: Path, jfk: Path) -> None:
    setup = Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, encoder.ONE_TOKEN)
    with start(setup) as worker:
        results = encoder.measure([worker, worker], jfk, rounds=2)
    assert list(results) == [1500, 512]
    assert [[len(own) for own in both] for both in results.values()] == [[2, 2], [2, 2]]
    assert all(answer["encodes"] == 1 and answer["cpu"] > 0 for answer in results[1500][0])


def test_audio_of_two_windows_is_refused(tiny_en: Path, tmp_path: Path) -> None:
    wav.write(tmp_path / "long.wav", [bytes(2 * 40 * wav.RATE)])
    setup = Setup("ours", Path(sys.executable), {"model": str(tiny_en), "n_threads": 1}, encoder.ONE_TOKEN)
    with start(setup) as worker, pytest.raises(BuildError, match=r"ours encoded 2 windows of .*long\.wav"):
        encoder.measure([worker], tmp_path / "long.wav", rounds=0)
