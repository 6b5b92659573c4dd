"""A plot of what peers measured: how many times faster than the yardstick, row by row."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.errors import BuildError
from wheels.bench import tasks
from wheels.bench.peers import in_order
from wheels.bench.records import Case, Kept

__all__ = ["draw"]

TITLES = {"jfk": "jfk.wav, 11 s", "long": "sonnets, 160 s", "short": "20 utterances"}


def draw(kept: Kept, cases: Sequence[Case], yardstick: str, target: Path) -> None:
    """Draw a panel for each case into an .svg file; what has no yardstick is left out."""
    with_one = [case for case in cases if yardstick in kept.of(case)]
    models = list(dict.fromkeys(case.model for case in with_one))
    if not models:
        return
    _, panels = _pyplot().subplots(
        len(models),
        len(tasks.NAMES),
        figsize=(13, 0.6 + 3.1 * len(models)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for line, model in zip(panels, models):
        for panel, audio in zip(line, tasks.NAMES):
            own = next((case for case in with_one if (case.model, case.audio) == (model, audio)), None)
            _panel(panel, kept, own, yardstick, f"{model}: {TITLES[audio]}")
            panel.tick_params(labelleft=panel is line[0])
    _write(target, f"times faster than {yardstick}")


def _panel(panel: Any, kept: Kept, case: Case | None, yardstick: str, title: str) -> None:  # noqa: ANN401
    panel.set_title(title, fontsize=10)
    if case is None:
        panel.set_axis_off()
        return
    rows = kept.of(case)
    names = [row.row for row in in_order(list(rows.values()))][::-1]
    values = [rows[name].faster(rows[yardstick])[0] for name in names]
    bars = panel.barh(names, values, color=["#1b7f5c" if _is_ours(name) else "#9aa5ad" for name in names])
    panel.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    panel.axvline(1, color="#444444", linewidth=0.8)
    panel.margins(x=0.12)


def _is_ours(name: str) -> bool:
    return name.startswith(("ggml", "OpenVINO"))


def _write(target: Path, below: str) -> None:
    pyplot = _pyplot()
    pyplot.gcf().supxlabel(below, fontsize=10)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Without the date, and with the same ids each time: the same data are the same file.
    with pyplot.rc_context({"svg.hashsalt": "pywhispercpp"}):
        pyplot.savefig(target, metadata={"Date": None})
    pyplot.close()


def _pyplot() -> Any:  # noqa: ANN401
    try:
        importlib.import_module("matplotlib").use("Agg")
    except ImportError as error:
        raise BuildError(
            "plots are drawn with matplotlib, which is not here; run: nox -s bench -- report"
        ) from error
    return importlib.import_module("matplotlib.pyplot")
