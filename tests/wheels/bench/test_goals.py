"""Goals are met by a row that is fast and hears as well as the peer."""

from __future__ import annotations

from tests.wheels.bench.made_up import CASE, kept, record
from wheels.bench import goals, peers
from wheels.bench.goals import GOALS

PEER = record(peers.FASTER_INT8, [4.0], wrong=20)
INT8 = GOALS[0]


def test_a_row_must_be_fast_and_right() -> None:
    fast_and_wrong = record("OpenVINO, audio_ctx auto", [1.0], wrong=23)
    verdict = goals.look(kept(PEER, fast_and_wrong), INT8, CASE)
    assert verdict is not None
    assert (verdict.factor, verdict.right, verdict.met) == (4.0, False, False)
    assert verdict.said == "**not met** (words)"
    verdict = goals.look(kept(PEER, fast_and_wrong, record("OpenVINO", [2.0], wrong=22)), INT8, CASE)
    assert verdict is not None
    assert (verdict.row, verdict.factor, verdict.met) == ("OpenVINO", 2.0, True)
    verdict = goals.look(kept(PEER, record("OpenVINO", [2.1])), INT8, CASE)
    assert verdict is not None
    assert (verdict.right, verdict.met, verdict.said) == (True, False, "**not met**")


def test_rows_of_the_other_encoder_do_not_count() -> None:
    assert goals.look(kept(PEER, record("ggml f16", [1.0])), INT8, CASE) is None
    assert goals.look(kept(record("OpenVINO", [1.0])), INT8, CASE) is None


def test_the_table_has_a_line_for_each_goal_and_speech() -> None:
    lines = goals.table(kept(PEER, record("OpenVINO", [1.6], wrong=19)), ["tiny.en"]).splitlines()
    assert len(lines) == 2 + len(GOALS) * 3
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == [
        "with OpenVINO: 2.0 times faster-whisper, int8",
        "tiny.en",
        "jfk",
        "OpenVINO",
        "2.50",
        "-0.10 (-1)",
        "met",
    ]
    assert "not measured" in lines[3]
