"""What "fast" was to mean, and whether it is reached: how many times faster than whom, with which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wheels.bench import tasks
from wheels.bench.grid import grid
from wheels.bench.peers import FASTER_INT8, GGML, INDEX, OPENVINO
from wheels.bench.records import Case, Kept, Record
from wheels.bench.words import total

__all__ = ["GOALS", "Goal", "Verdict", "look", "table"]

THREADS = 2
#: How much higher a word error rate may be than the peer's with the same model.
TOLERANCE = 0.002


@dataclass(frozen=True)
class Goal:
    """So many times faster than a peer, with one of our rows."""

    name: str
    rows: tuple[str, ...]
    peer: str
    factor: float


GOALS = (
    Goal("with OpenVINO", OPENVINO, FASTER_INT8, 2.0),
    Goal("with OpenVINO", OPENVINO, INDEX, 4.0),
    Goal("without OpenVINO", GGML, FASTER_INT8, 1.3),
    Goal("without OpenVINO", GGML, INDEX, 2.3),
)


@dataclass(frozen=True)
class Verdict:
    """What the best row reached; `worse`: its word error rate above the peer's, of 1, and in `words`.

    Over all speech that both transcribed so: one word of a short file would be more than the tolerance.
    """

    goal: Goal
    case: Case
    row: str
    factor: float
    worse: float
    words: int

    @property
    def right(self) -> bool:
        """Whether the words are as good as the peer's."""
        return self.worse <= TOLERANCE

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.right and self.fast

    @property
    def fast(self) -> bool:
        """Whether it is as fast as was wanted."""
        return self.factor >= self.goal.factor

    @property
    def said(self) -> str:
        """As it stands in the table."""
        if self.met:
            return "met"
        return "**not met**" + ("" if self.right else " (words)" if self.fast else " (speed and words)")


def look(kept: Kept, goal: Goal, case: Case) -> Verdict | None:
    """Our fastest row that hears as well as the peer, else the fastest; None where nothing was measured."""
    rows = kept.of(case)
    if goal.peer not in rows:
        return None
    found = [_verdict(kept, goal, rows[name], rows[goal.peer]) for name in goal.rows if name in rows]
    return max(found, key=lambda verdict: (verdict.right, verdict.factor), default=None)


def _verdict(kept: Kept, goal: Goal, row: Record, peer: Record) -> Verdict:
    everywhere = [kept.of(replace(row.case, audio=audio)) for audio in tasks.NAMES]
    both = [rows for rows in everywhere if row.row in rows and peer.row in rows]
    ours, theirs = (total(rows[name].errors for rows in both) for name in (row.row, peer.row))
    worse, words = ours.rate - theirs.rate, ours.count - theirs.count
    return Verdict(goal, row.case, row.row, row.faster(peer)[0], worse, words)


def table(kept: Kept, models: Sequence[str]) -> str:
    """A line for each goal, model and task."""
    head = ["goal", "model", "speech", "row", "measured", "WER (words)", "met"]
    lines = []
    for goal in GOALS:
        for model in models:
            for audio in tasks.NAMES:
                verdict = look(kept, goal, Case(model, THREADS, "greedy", audio))
                words = f"{goal.name}: {goal.factor:.1f} times {goal.peer}"
                lines.append([words, model, audio, *_cells(verdict)])
    return grid(head, lines)


def _cells(verdict: Verdict | None) -> list[str]:
    if verdict is None:
        return ["", "not measured", "", ""]
    worse = f"{100 * verdict.worse:+.2f} ({verdict.words:+d})"
    return [verdict.row, f"{verdict.factor:.2f}", worse, verdict.said]
