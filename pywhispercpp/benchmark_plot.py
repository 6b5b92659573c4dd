"""A picture of saved benchmarks: one panel for each step, one bar for each setup of each file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pywhispercpp.atomic_file import writing
from pywhispercpp.benchmark import STEPS
from pywhispercpp.errors import OptionError
from pywhispercpp.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "read"]

_WORDS = {
    "encode_ms": "Encoder (ms per run)",
    "decode_ms": "Decoder (ms per token)",
    "batchd_ms": "Batch of 5 (ms per token)",
    "prompt_ms": "Prompt (ms per token)",
}


def read(path: Path) -> dict[str, Any]:
    """A file that `pywhispercpp bench --json` wrote. Raises OptionError with what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not all(set(STEPS) < set(row) for row in found["results"]) or not found["machine"]["cpu"]:
            raise KeyError("a step")
    except OSError as error:
        raise OptionError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise OptionError(f"{path}: not what `pywhispercpp bench --json` writes ({error})") from error
    return {**found, "name": path.stem}


def draw(benchmarks: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the picture: PNG, SVG or PDF by the file's suffix. Raises OptionError, OutputError."""
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise OptionError(f"{path}: a picture ends in .png, .svg or .pdf")
    figure = _figure(benchmarks)
    with writing(path, "wb") as file:
        figure.savefig(file, format=path.suffix[1:], dpi=150)


def _figure(benchmarks: Sequence[dict[str, Any]]) -> Figure:
    labels = list(dict.fromkeys(_label(row) for one in benchmarks for row in one["results"]))
    height = 1.6 + 2 * (0.45 + 0.24 * len(benchmarks)) * len(labels)
    figure: Figure = require("matplotlib.figure", "plot", "a plot").Figure(
        figsize=(11, max(height, 4)), layout="constrained"
    )
    for axes, step in zip(figure.subplots(2, 2).flat, STEPS):
        _panel(axes, step, labels, benchmarks)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", frameon=False)
    return figure


def _panel(axes: Axes, step: str, labels: Sequence[str], benchmarks: Sequence[dict[str, Any]]) -> None:
    width = 0.8 / len(benchmarks)
    for number, one in enumerate(benchmarks):
        found = {_label(row): row[step] for row in one["results"]}
        rows = [labels.index(label) for label in found]
        places = [row + (number - (len(benchmarks) - 1) / 2) * width for row in rows]
        bars = axes.barh(places, list(found.values()), width * 0.9, label=_legend(one))
        axes.bar_label(bars, fmt=_figure_text, padding=3, fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_title(_WORDS[step], fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _figure_text(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _label(row: dict[str, Any]) -> str:
    return f"{row['model']} {row['backend']} {row['n_threads']}t"


def _legend(one: dict[str, Any]) -> str:
    facts = one["machine"]
    return f"{one['name']}: {facts['cpu']}, {facts['variant']}, whisper.cpp {facts['whisper_cpp']}"
