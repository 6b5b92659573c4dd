"""A picture of an evaluation: word errors, letter errors, time and memory, one bar for each setup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pywhispercpp.atomic_file import check_target, writing
from pywhispercpp.errors import OptionError
from pywhispercpp.evaluate.result import Evaluation, Result
from pywhispercpp.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "ready"]

_PANELS: dict[str, tuple[Callable[[Result], float], str]] = {
    "Wrong words (%)": (lambda result: 100 * result.wer, ".1f"),
    "Wrong letters (%)": (lambda result: 100 * result.cer, ".1f"),
    "Seconds of work for a second of audio": (lambda result: result.rtf, ".3f"),
    "Memory (MB)": (lambda result: result.peak_bytes / 1e6, ".0f"),
}


def ready(path: Path) -> None:
    """Raise what draw() would raise for this path: before long work."""
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise OptionError(f"{path}: a picture ends in .png, .svg or .pdf")
    require("matplotlib.figure", "plot", "a plot")
    check_target(path)


def draw(evaluation: Evaluation, path: Path) -> None:
    """Write the picture: PNG, SVG or PDF by the file's suffix. Raises OptionError, OutputError."""
    ready(path)
    figure = _figure(evaluation)
    with writing(path, "wb") as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150)


def _figure(evaluation: Evaluation) -> Figure:
    results = [result for result in evaluation.results if result.heard]
    if not results:
        raise OptionError("there is nothing to draw: no setup has heard anything")
    figure: Figure = require("matplotlib.figure", "plot", "a plot").Figure(
        figsize=(11, max(1.8 + 0.7 * len(results), 4)), layout="constrained"
    )
    for axes, (title, (value, form)) in zip(figure.subplots(2, 2).flat, _PANELS.items()):
        _panel(axes, title, results, [value(result) for result in results], form)
    figure.suptitle(_heading(evaluation), fontsize=9)
    return figure


def _panel(axes: Axes, title: str, results: Sequence[Result], values: Sequence[float], form: str) -> None:
    backends = list(dict.fromkeys(result.setup.backend for result in results))
    colours = [f"C{backends.index(result.setup.backend)}" for result in results]
    bars = axes.barh(range(len(results)), values, 0.7, color=colours)
    axes.bar_label(bars, labels=[format(value, form) for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(results)), [str(result.setup) for result in results])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlim(left=0)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _heading(evaluation: Evaluation) -> str:
    facts, threads = evaluation.machine, evaluation.results[0].setup.n_threads
    heard = f"{evaluation.dataset}: {len(evaluation.dataset.recordings)}"
    return f"{heard}\n{facts['cpu']}, threads: {threads}, CPU code: {facts['variant']}"
